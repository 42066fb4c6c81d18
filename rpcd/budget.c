#include "rpcd/budget.h"

#include "common/log.h"

void
budget_init(struct budget *budget, const char *name, size_t max, size_t max_files)
{
	*budget = (struct budget){ .name = name, .max = max, .max_files = max_files };
}

static bool
budget_fits_below(struct budget *budget, size_t n, size_t most)
{
	if (budget->bytes <= most && n <= most - budget->bytes)
		return true;
	log_limited(&budget->refused, LEVEL_WARN,
	    "%s: refused a request: clients leave %zu bytes unread or incomplete",
	    budget->name, budget->bytes);
	return false;
}

bool
budget_fits(struct budget *budget, size_t n)
{
	return budget_fits_below(budget, n, budget->max / 4 * 3);
}

bool
budget_fits_shared(struct budget *budget, size_t n)
{
	return budget_fits_below(budget, n, budget->max);
}

bool
budget_add_file(struct budget *budget)
{
	if (budget->files < budget->max_files) {
		budget->files++;
		return true;
	}
	log_limited(&budget->refused, LEVEL_WARN,
	    "%s: refused to open a log: clients read %zu logs already", budget->name,
	    budget->files);
	return false;
}
