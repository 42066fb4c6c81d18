/* Limit: the modes of the program that measures the limit of the machine. */
#ifndef TESTS_BENCH_LIMIT_H
#define TESTS_BENCH_LIMIT_H

double now(void);                     /* seconds of the monotonic clock */
_Noreturn void die(const char *what); /* with errno */

/* Each reads its arguments, prints figures and returns an exit status. */
int limit_spawn(char **argv);
int limit_one_by_one(char **argv);
int limit_respawn(char **argv);
int limit_http(char **argv);
int limit_post(char **argv);
int limit_pingpong(char **argv);

#endif
