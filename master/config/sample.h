/* Sample: the text of the sample configuration. */
#ifndef MASTER_CONFIG_SAMPLE_H
#define MASTER_CONFIG_SAMPLE_H

/* The content of master/config/reeved.conf.sample. */
extern const char sample_text[];

#endif
