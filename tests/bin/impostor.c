/* Takes the place of the installed reeved in tests of upgrades. REEVE_IMPOSTOR says how its
 * trial run ends.
 *
 * exit N | crash | hang | say TEXT (on standard output, with status 1) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(void)
{
	const char *mode = getenv("REEVE_IMPOSTOR");

	if (mode == NULL)
		return 1;
	if (strncmp(mode, "exit ", 5) == 0)
		return atoi(mode + 5);
	if (strcmp(mode, "crash") == 0)
		abort();
	if (strcmp(mode, "hang") == 0)
		pause();
	if (strncmp(mode, "say ", 4) == 0)
		puts(mode + 4);
	return 1;
}
