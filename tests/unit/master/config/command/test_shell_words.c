#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "master/config/command/shell_words.h"

/* A command and the beginning of the text about it; NULL = none. */
static const struct {
	const char *command, *found;
} cases[] = {
	{ "/bin/cat", NULL },
	{ "", NULL },
	{ "a && b", "command has &&," },
	{ "a &&", "command has &&," },
	{ "a || b", "command has ||," },
	{ "a | b", "command has |," },
	{ "a |& b", "command has |&," },
	{ "a ; b", "command has ;," },
	{ "a; b", "command has a;," },
	{ "a &", "command has &," },
	{ "a > /dev/null", "command has >," },
	{ "a >/dev/null", "command has >/dev/null," },
	{ "a >> b", "command has >>," },
	{ "a 2>&1", "command has 2>&1," },
	{ "a 2> b", "command has 2>," },
	{ "a &> b", "command has &>," },
	{ "a < b", "command has <," },
	{ "a <b", "command has <b," },
	{ "a $HOME/b", "command has $HOME," },
	{ "$HOME/b", "command has $HOME," },
	{ "a \"$HOME/b\"", "command has $HOME," },
	{ "a --x=${HOME}/b", "command has ${HOME}," },
	{ "a ${HOME", "command has ${HOME," },
	{ "a $(b c)", "command has a command substitution" },
	{ "a `b`", "command has a command substitution" },
	{ "a '`b`' '$HOME'", NULL },
	{ "a \\$HOME \\`", NULL },
	{ "a ^b$ $ $1 a$", NULL },
	{ "X=1 a", "command begins with the assignment X=1;" },
	{ "X= a", "command begins with the assignment X=;" },
	{ "X_1='a b' a", "command begins with the assignment X_1='a b';" },
	{ "1X=1 a", NULL },
	{ "a X=1", NULL },
	{ "env X=1 a", NULL },
	{ "cd /srv && a", "command begins with cd, which is part of the shell; use "
	    "directory=" },
	{ "source a", "command begins with source," },
	{ ". a", "command begins with .," },
	{ "export A=1", "command begins with export," },
	{ "exec a", "command begins with exec," },
	{ "ulimit -n 10", "command begins with ulimit," },
	{ "./a", NULL },
	{ "~/a", "command has ~/a, whose ~" },
	{ "a ~", "command has ~, whose ~" },
	{ "a b~ ~b", NULL },
	{ "sh -c 'a && b | c > $HOME; d'", NULL },
	{ "bash -lc \"cd /srv && $HOME/a `b`\"", NULL },
	{ "sh -c \"a\" && b", "command has &&," },
	{ "perl -e $x", NULL },
	{ "/usr/bin/python3.11 -c $x", NULL },
	{ "env bash -c $HOME/run.sh", NULL },
	{ "sudo -u x sh -c \"a $HOME | b\"", NULL },
	{ "a -c \"b $HOME && c\"", NULL },
	{ "a -c $HOME/b", "command has $HOME," },
	{ "a -c \"$HOME/b\"", "command has $HOME," },
	{ "a -e ~/b", "command has ~/b, whose ~" },
	{ "a -c b&", "command has b&," },
	{ "ssh h \"a $HOME\" > b $HOME", NULL },
	{ "watch a | b", NULL },
	{ "awk \"{print $NF}\" $HOME", "command has $HOME," },
	{ "find / -exec a {} \\;", NULL },
	{ "nginx -g daemon\\ off;", NULL },
	{ "a b&", "command has b&," },
	{ "a b|", "command has b|," },
	{ "a ||b", "command has ||b," },
	{ "a b&&c", "command has b&&c," },
	{ "a b>/dev/null", "command has b>/dev/null," },
	{ "a b>&2", "command has b>&2," },
	{ "a b|c b||c", NULL },
	{ "php -r \"echo $x;\"", NULL },
	{ "nginx -g \"daemon off;\"", NULL },
	{ "nginx -g 'daemon off;'", NULL },
	{ "curl http://x/?a=1&b=2", NULL },
	{ "awk -F '|' '{print $1}'", NULL },
	{ "a '&&' '>' \"|\"", NULL },
	{ "a \\> b", NULL },
	{ "a -->b a>b", NULL },
	{ "a 'unclosed", "can't parse command: No closing quotation" },
	{ "a && 'unclosed", "can't parse command: No closing quotation" },
	{ "a \\", "can't parse command: No escaped character" },
	{ "a \"x\\\"y\" && b", "command has &&," },
	{ "-c", NULL },
	{ "$", NULL },
	{ "&", "command has &," },
	{ "a $\xc3\xa9", NULL },
	{ "a \xc3", NULL },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		/* Exactly as long as the text, so that a sanitizer sees a step beyond
		 * it. */
		char *command = strdup(cases[i].command), *found;

		found = conf_shell_find(command);
		if (cases[i].found == NULL && found != NULL)
			fail_msg("%s: %s", command, found);
		if (cases[i].found != NULL &&
		    (found == NULL ||
			strncmp(found, cases[i].found, strlen(cases[i].found)) != 0))
			fail_msg("%s: %s", command, found != NULL ? found : "nothing");
		free(found);
		free(command);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
