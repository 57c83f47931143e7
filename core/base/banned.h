/* Calls that have a safe counterpart here. Forced into every file of every layer (cmake/layer.cmake), so that
 * the wrong call does not compile. */
#ifndef BRGATE_BANNED_H
#define BRGATE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name) sorry_##name##_is_banned

#undef strcpy
#define strcpy(d, s) BANNED(strcpy) /* buf_put() */
#undef strcat
#define strcat(d, s) BANNED(strcat) /* buf_put() */
#undef sprintf
#define sprintf(...) BANNED(sprintf) /* buf_fmt() or snprintf() */
#undef strtok
#define strtok(s, d) BANNED(strtok) /* slice_find() */
#undef atoi
#define atoi(s) BANNED(atoi) /* no error: num_i64() */
#undef atof
#define atof(s) BANNED(atof) /* no error: num_f64() */
#undef localtime
#define localtime(t) BANNED(localtime) /* ambient time zone: civil_of() */
#undef gmtime
#define gmtime(t) BANNED(gmtime) /* shared buffer: civil_of() */

#endif
