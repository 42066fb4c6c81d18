#include "man/tables/mdoc.h"

#include "common/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 78
#define BLANKS " \n"

void
mdoc_begin(const char *name)
{
	printf(".\\\" begin of the table: %s (make man-tables)\n", name);
}

void
mdoc_end(void)
{
	puts(".\\\" end of the table");
}

void
mdoc_text(const char *text)
{
	size_t column = 0, n;

	for (text += strspn(text, BLANKS); *text != '\0'; text += strspn(text, BLANKS)) {
		n = strcspn(text, BLANKS);
		if (column > 0)
			putchar(text[-2] == '.' || column + n > WIDTH ? '\n' : ' ');
		if (column > 0 && (text[-2] == '.' || column + n > WIDTH))
			column = 0;
		printf("%.*s", (int)n, text);
		column += n + 1;
		text += n;
	}
	putchar('\n');
}

void
mdoc_sentence(const char *text)
{
	size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz");
	char *sentence = xasprintf("%s.", text);

	/* Values and names stay as they are spelled. */
	if (text[word] == ' ')
		sentence[0] = (char)toupper((unsigned char)text[0]);
	mdoc_text(sentence);
	free(sentence);
}
