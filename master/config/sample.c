#include "master/config/sample.h"

/* The assembler includes the file; its path is relative to the top of the tree. */
__asm__(".pushsection .rodata\n"
	".global sample_text\n"
	"sample_text:\n"
	".incbin \"master/config/reeved.conf.sample\"\n"
	".byte 0\n"
	".popsection\n");
