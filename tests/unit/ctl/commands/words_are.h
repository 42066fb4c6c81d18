/* Words are: compares words with a text. */
#ifndef TESTS_WORDS_ARE_H
#define TESTS_WORDS_ARE_H

#include "common/buf.h"
#include "ctl/commands/words.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Asserts that the words, joined with bars, are this text; clears them. */
static void
words_are(struct words *w, const char *want)
{
	struct buf text;

	buf_init(&text, 0);
	for (size_t i = 0; i < w->count; i++)
		assert_int_equal(buf_printf(&text, "%s|", w->list[i]), 0);
	assert_int_equal(buf_append(&text, "", 1), 0);
	assert_string_equal(buf_data(&text), want);
	buf_clear(&text);
	words_clear(w);
	assert_int_equal(w->count, 0);
}

#endif
