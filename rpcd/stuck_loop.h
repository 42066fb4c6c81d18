/* Stuck loop: ends this process when a turn of its loop does not end. The master's pings do
 * not detect this when the loop hangs before it has read the first request, because the
 * master pings only while requests are open. The time is processor time, so that an idle
 * process has no wake-ups and a slow machine has no effect. */
#ifndef RPCD_STUCK_LOOP_H
#define RPCD_STUCK_LOOP_H

/* Seconds of processor time in one turn. */
#define STUCK_LOOP_WARN_S 2 /* after which a warning is logged */
#define STUCK_LOOP_END_S 10 /* after which the process ends */

/* Begins to count. Call it before the sandbox is entered. */
void stuck_loop_watch(void);
/* A turn has ended. */
void stuck_loop_turned(void);

#endif
