# Perl's RPC::XML: URL, and calls on the standard input (see calls.json).
use strict;
use warnings;
use JSON::PP;
use RPC::XML;
use RPC::XML::Client;

$RPC::XML::ENCODING = 'UTF-8';
my $json = JSON::PP->new->canonical->allow_nonref;
my $client = RPC::XML::Client->new($ARGV[0]);

# The types of JSON, which Perl's scalars do not keep: a string of digits stays a string.
sub typed {
	my ($value) = @_;

	return RPC::XML::array->new(from => [map { typed($_) } @$value])
	    if ref $value eq 'ARRAY';
	return RPC::XML::struct->new(map { $_ => typed($value->{$_}) } keys %$value)
	    if ref $value eq 'HASH';
	return RPC::XML::boolean->new($value ? 1 : 0) if JSON::PP::is_bool($value);
	return RPC::XML::int->new($value) if $json->encode($value) =~ /^-?\d+$/;
	return RPC::XML::string->new($value);
}

# Back to JSON, from the types that the library has read in the answer.
sub plain {
	my ($value) = @_;
	my $type = $value->type;

	return [map { plain($_) } @$value] if $type eq 'array';
	return {map { $_ => plain($value->{$_}) } keys %$value}
	    if $type =~ /^(struct|fault)$/;
	return $value->value ? JSON::PP::true : JSON::PP::false if $type eq 'boolean';
	return $value->value + 0 if $type =~ /^(int|i4|double)$/;
	return $value->value if $type eq 'string';
	die "unexpected type $type";
}

$json->utf8;
for my $call (@{$json->decode(do { local $/; <STDIN> })}) {
	my ($method, @args) = @$call;
	my $answer = $client->send_request($method, map { typed($_) } @args);

	die "$method: $answer" unless ref $answer;
	my $value = plain($answer);
	my $outcome = $answer->is_fault ?
	    {fault => [@$value{qw(faultCode faultString)}]} : {value => $value};
	print $json->encode($outcome), "\n";
}
