# Tcl's xmlrpc: URL, and calls on the standard input, as Tcl lists of a method and of
# typed values, {int 1}; a struct's value is a list of names and typed values.
package require xmlrpc

# The library counts characters instead of bytes and handles neither entities nor the line
# ends of XML.
encoding system iso8859-1
fconfigure stdin -encoding utf-8
fconfigure stdout -encoding utf-8
set entities {\r\n \n &lt; < &gt; > &quot; \" &apos; ' &amp; &}
set escapes {& &amp; < &lt; > &gt;}

# The library takes a struct by the name of a global array.
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

# Converts a value of an answer to JSON with its type. Returns [rest JSON].
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

# The library's own call function takes an empty line in the answer (as in a method's help)
# for the end of the header.
proc ask {host port request} {
	set sock [socket $host $port]
	fconfigure $sock -translation binary
	puts -nonewline $sock $request
	flush $sock
	set reply [read $sock]
	close $sock
	return $reply
}

# The library returns a fault like a struct; only the text of the answer shows the difference.
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
