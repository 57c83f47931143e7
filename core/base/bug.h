/* Our own mistakes. BUG_IF stays on in every build: a broken invariant stops the process with file and line
 * before it can become a verdict. */
#ifndef BRGATE_BUG_H
#define BRGATE_BUG_H

#define BUG_IF(condition) ((condition) ? bug(__FILE__, __LINE__, #condition) : (void)0)

/* Prints the place and the condition to standard error and aborts; use BUG_IF(). */
_Noreturn void bug(const char *file, int line, const char *condition);

#endif
