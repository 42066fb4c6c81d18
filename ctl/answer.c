#include "ctl/answer.h"

#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <unistd.h>

void
answer_clear(struct answer *a)
{
	free(a->text);
	json_decref(a->result);
	if (a->fd >= 0)
		close(a->fd);
	*a = (struct answer)ANSWER_NONE;
}

void
answer_set_fault(struct answer *a, enum fault fault, char *text)
{
	answer_clear(a);
	a->fault = fault;
	a->text = text;
}

char *
answer_shown(enum fault fault, const char *text)
{
	char *quoted = str_repr(text);
	char *shown = xasprintf("<Fault %d: %s>", (int)fault, quoted != NULL ? quoted :
	    text);

	free(quoted);
	return shown;
}
