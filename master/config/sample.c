#include "master/config/sample.h"

/* The assembler takes the file in, so that it is written once (seen from the top). */
__asm__(".pushsection .rodata\n"
	".global sample_text\n"
	"sample_text:\n"
	".incbin \"master/config/reeved.conf.sample\"\n"
	".byte 0\n"
	".popsection\n");
