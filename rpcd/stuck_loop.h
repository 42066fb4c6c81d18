/* Stuck loop: ends this process when a turn of its loop does not end. The master pings it
 * only while requests are under way that it knows of; one that comes on a connection that
 * was idle starts none when the loop hangs before it reads it. Processor time is counted,
 * so that nothing wakes while nothing happens, and a starved machine ends nothing. */
#ifndef RPCD_STUCK_LOOP_H
#define RPCD_STUCK_LOOP_H

#define STUCK_LOOP_WARN_S 2 /* seconds of processor time in one turn: reported … */
#define STUCK_LOOP_END_S 10 /* … and the process ends */

/* Begins to count. To be called before the sandbox is entered. */
void stuck_loop_watch(void);
/* A turn has ended. */
void stuck_loop_turned(void);

#endif
