#include "master/config/values/hash_cost.h"

#include "common/mem.h"

#include <crypt.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void
hash_cost_limit(int resource, rlim_t most)
{
	const struct rlimit limit = { .rlim_cur = most, .rlim_max = most };

	(void)!setrlimit(resource, &limit);
}

static void NORETURN
hash_cost_child(const char *hash)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *result;

	hash_cost_limit(RLIMIT_CPU, HASH_COST_MAX_MS / 1000);
	hash_cost_limit(RLIMIT_CORE, 0);
#ifndef REEVE_SANITIZED /* a sanitizer reserves terabytes of addresses */
	hash_cost_limit(RLIMIT_AS, HASH_COST_MAX_BYTES);
#endif
	result = crypt_r("password", hash, data);
	_exit(result != NULL && *result != '*' ? 0 : 1);
}

int64_t
hash_cost_ms(const char *hash)
{
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		hash_cost_child(hash);
	if (pid == -1 || wait4(pid, &status, 0, &usage) == -1 || status != 0)
		return -1;
	return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	    (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}
