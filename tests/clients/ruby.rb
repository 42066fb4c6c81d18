# Ruby's xmlrpc: URL, and calls on the standard input (see calls.json).
require "json"
require "xmlrpc/client"

client = XMLRPC::Client.new2(ARGV[0])
JSON.parse($stdin.read.force_encoding("UTF-8")).each do |method, *args|
  fine, result = client.call2(method, *args)
  outcome = fine ? { value: result } : { fault: [result.faultCode, result.faultString] }
  puts JSON.generate(outcome)
end
