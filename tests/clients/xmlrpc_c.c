/* xmlrpc-c, on libcurl: URL, and calls on the standard input (see calls.json). */
#include <xmlrpc-c/base.h>
#include <xmlrpc-c/client.h>
#include <xmlrpc-c/json.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
must(const xmlrpc_env *env, const char *what)
{
	if (!env->fault_occurred)
		return;
	fprintf(stderr, "%s: %d %s\n", what, env->fault_code, env->fault_string);
	exit(1);
}

static xmlrpc_value *
read_calls(void)
{
	static char text[65536];
	xmlrpc_env env;
	xmlrpc_value *calls;

	text[fread(text, 1, sizeof(text) - 1, stdin)] = '\0';
	xmlrpc_env_init(&env);
	calls = xmlrpc_parse_json(&env, text);
	must(&env, "parse");
	xmlrpc_env_clean(&env);
	return calls;
}

/* Prints on one line; the library has no such form. */
static void
print_json(xmlrpc_value *value)
{
	xmlrpc_env env;
	xmlrpc_mem_block *text;
	const char *s;

	xmlrpc_env_init(&env);
	text = XMLRPC_MEMBLOCK_NEW(char, &env, 0);
	xmlrpc_serialize_json(&env, value, text);
	must(&env, "serialize");
	s = XMLRPC_MEMBLOCK_CONTENTS(char, text);
	for (size_t i = 0; i < XMLRPC_MEMBLOCK_SIZE(char, text); i++)
		putchar(s[i] == '\n' ? ' ' : s[i]);
	putchar('\n');
	XMLRPC_MEMBLOCK_FREE(char, text);
	xmlrpc_env_clean(&env);
}

/* The elements of a call after the name of the method. */
static xmlrpc_value *
params_of(xmlrpc_env *env, xmlrpc_value *call)
{
	xmlrpc_value *params = xmlrpc_array_new(env);
	xmlrpc_value *item;

	for (int i = 1; i < xmlrpc_array_size(env, call); i++) {
		xmlrpc_array_read_item(env, call, (unsigned)i, &item);
		xmlrpc_array_append_item(env, params, item);
		xmlrpc_DECREF(item);
	}
	return params;
}

/* The text of a fault as the server sent it, without the prefix of the library. */
static const char *
fault_text(const xmlrpc_env *call)
{
	static const char prefix[] = "RPC failed at server.  ";
	size_t n = sizeof(prefix) - 1;

	return call->fault_string + (strncmp(call->fault_string, prefix, n) == 0 ? n : 0);
}

/* The outcome of a call; the library has negative numbers for its own faults. */
static xmlrpc_value *
outcome(xmlrpc_client *client, const xmlrpc_server_info *server, const char *method,
    xmlrpc_value *params)
{
	xmlrpc_env call, env;
	xmlrpc_value *value, *told;

	xmlrpc_env_init(&env);
	xmlrpc_env_init(&call);
	xmlrpc_client_call2(&call, client, server, method, params, &value);
	if (call.fault_occurred) {
		told = xmlrpc_build_value(
		    &env, "{s:(is)}", "fault", call.fault_code, fault_text(&call));
	} else {
		told = xmlrpc_build_value(&env, "{s:V}", "value", value);
		xmlrpc_DECREF(value);
	}
	must(&env, method);
	xmlrpc_env_clean(&call);
	xmlrpc_env_clean(&env);
	return told;
}

static void
perform(xmlrpc_client *client, const xmlrpc_server_info *server, xmlrpc_value *call)
{
	xmlrpc_env env;
	xmlrpc_value *name, *params, *told;
	const char *method;

	xmlrpc_env_init(&env);
	xmlrpc_array_read_item(&env, call, 0, &name);
	must(&env, "a call's name");
	xmlrpc_read_string(&env, name, &method);
	params = params_of(&env, call);
	must(&env, "a call's parameters");
	told = outcome(client, server, method, params);
	print_json(told);
	free((void *)method);
	xmlrpc_DECREF(name);
	xmlrpc_DECREF(params);
	xmlrpc_DECREF(told);
	xmlrpc_env_clean(&env);
}

/* The library does not read a password from a URL. */
static xmlrpc_server_info *
server_of(const char *url)
{
	char user[64], password[64];
	xmlrpc_env env;
	xmlrpc_server_info *server;

	xmlrpc_env_init(&env);
	server = xmlrpc_server_info_new(&env, url);
	must(&env, "server");
	if (sscanf(url, "http://%63[^:]:%63[^@]@", user, password) == 2) {
		xmlrpc_server_info_set_user(&env, server, user, password);
		xmlrpc_server_info_allow_auth_basic(&env, server);
	}
	must(&env, "password");
	xmlrpc_env_clean(&env);
	return server;
}

int
main(int argc, char **argv)
{
	xmlrpc_env env;
	xmlrpc_client *client;
	xmlrpc_server_info *server;
	xmlrpc_value *calls, *call;

	if (argc != 2)
		return 2;
	xmlrpc_env_init(&env);
	xmlrpc_client_setup_global_const(&env);
	xmlrpc_client_create(&env, XMLRPC_CLIENT_NO_FLAGS, "client", "1", NULL, 0, &client);
	must(&env, "client");
	server = server_of(argv[1]);
	calls = read_calls();
	for (int i = 0; i < xmlrpc_array_size(&env, calls); i++) {
		xmlrpc_array_read_item(&env, calls, (unsigned)i, &call);
		perform(client, server, call);
		xmlrpc_DECREF(call);
	}
	xmlrpc_DECREF(calls);
	xmlrpc_server_info_free(server);
	xmlrpc_client_destroy(client);
	xmlrpc_client_teardown_global_const();
	return 0;
}
