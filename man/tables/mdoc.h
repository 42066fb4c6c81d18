/* Mdoc: how the tables of the code are printed for the manuals, on stdout; man/tables/put
 * places what stands between a begin and an end where a manual has the same two lines. */
#ifndef MAN_TABLES_MDOC_H
#define MAN_TABLES_MDOC_H

/* The comments around one table; the name, "options of program", is given once only. */
void mdoc_begin(const char *name);
void mdoc_end(void);
/* Lines of text, filled; each sentence begins one. */
void mdoc_text(const char *text);
/* The same for a help text, which has no capital and no full stop. */
void mdoc_sentence(const char *text);

#endif
