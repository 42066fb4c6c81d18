# Tcl's xmlrpc: URL, and calls on the standard input, as Tcl lists of a method and of
# typed values, {int 1}; a struct's value is a list of names and typed values.
package require xmlrpc

# The library counts characters where it means bytes, and knows neither entities nor XML's
# line ends.
encoding system iso8859-1
fconfigure stdin -encoding utf-8
fconfigure stdout -encoding utf-8
set entities {\r\n \n &lt; < &gt; > &quot; \" &apos; ' &amp; &}
set escapes {& &amp; < &lt; > &gt;}

# It finds a struct to send by the name of a global array.
proc typed {param} {
	global escapes structs
	lassign $param type value
	switch $type {
		string {
			set value [string map $escapes [encoding convertto utf-8 $value]]
		}
		array {
			set value [lmap v $value {typed $v}]
		}
		struct {
			set name ::struct[incr structs]
			foreach {key v} $value {
				set ${name}($key) [typed $v]
			}
			set value $name
		}
	}
	return [list $type $value]
}

# What it found in an answer keeps its type as it becomes JSON: [rest JSON].
proc quoted {text} {
	global entities
	set text [encoding convertfrom utf-8 [string map $entities $text]]
	return "\"[string map {\\ \\\\ \" \\\" \n \\n \t \\t} $text]\""
}
array set json {
	umInt {set v}
	umBool {expr {$v ? "true" : "false"}}
	umString {quoted $v}
	umArray {string cat \[ [join $v ,] \]}
	umStruct {string cat \{ [join [lmap m $v {
		string cat [quoted [lindex $m 0]] : [lindex $m 1]
	}] ,] \}}
}
foreach kind [array names json] {
	rename xmlrpc::$kind xmlrpc::plain_$kind
	proc xmlrpc::$kind {text} [string map [list %kind $kind %json $json($kind)] {
		lassign [plain_%kind $text] rest v
		return [list $rest [%json]]
	}]
}

# Its own call takes an empty line within an answer's text, as in a method's help, for the
# end of the header.
proc ask {host port request} {
	set sock [socket $host $port]
	fconfigure $sock -translation binary
	puts -nonewline $sock $request
	flush $sock
	set reply [read $sock]
	close $sock
	return $reply
}

# It gives back a fault as it would a struct; only the answer tells them apart.
proc outcome {reply} {
	set body [string range $reply [string first \r\n\r\n $reply]+4 end]
	set value [lindex [xmlrpc::parseResponse $body] 1]
	if {[string first <fault> $body] < 0} {
		return "{\"value\":$value}"
	}
	regexp {^{"faultCode":(.*),"faultString":(.*)}$} $value {} code text
	return "{\"fault\":\[$code,$text\]}"
}

regexp {^http://([^:]+):([0-9]+)/(.*)$} [lindex $argv 0] {} host port path
foreach call [read stdin] {
	set params [lmap p [lassign $call method] {typed $p}]
	set reply [ask $host $port [xmlrpc::buildRequest $path $method $params]]
	puts [outcome $reply]
}
