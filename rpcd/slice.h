/* Slice: how long the kernel lets us run at a time.
 *
 * Work comes in small pieces, each of which somebody waits for: with a short slice we run
 * when it comes, before a program that computes has used up its own, and take no share from
 * it. */
#ifndef RPCD_SLICE_H
#define RPCD_SLICE_H

/* The shortest there is. A kernel that knows none (before 6.12) does as it always did. */
void slice_shorten(void);

#endif
