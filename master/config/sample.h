/* Sample: the sample configuration, as the file beside this one has it. */
#ifndef MASTER_CONFIG_SAMPLE_H
#define MASTER_CONFIG_SAMPLE_H

/* All of master/config/reeved.conf.sample. */
extern const char sample_text[];

#endif
