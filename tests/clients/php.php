<?php
/* PHP's xmlrpc extension over its HTTP streams: URL, and calls on the standard input (see
 * calls.json). */

const TEXT = ["encoding" => "utf-8", "escaping" => ["markup"]];

function ask(string $url, string $body): string
{
	$parts = parse_url($url);
	$password = base64_encode($parts["user"] . ":" . $parts["pass"]);
	$http = [
		"method" => "POST",
		"header" => ["Content-Type: text/xml", "Authorization: Basic $password"],
		"content" => $body,
	];
	$address = "http://{$parts['host']}:{$parts['port']}{$parts['path']}";
	return file_get_contents($address, false, stream_context_create(["http" => $http]));
}

foreach (json_decode(stream_get_contents(STDIN), true) as $call) {
	$method = array_shift($call);
	$reply = ask($argv[1], xmlrpc_encode_request($method, $call, TEXT));
	$value = xmlrpc_decode($reply, "utf-8");
	$outcome = is_array($value) && xmlrpc_is_fault($value) ?
	    ["fault" => [$value["faultCode"], $value["faultString"]]] : ["value" => $value];
	echo json_encode($outcome, JSON_UNESCAPED_UNICODE), "\n";
}
