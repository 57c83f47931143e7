/* CMakeLists.txt makes the compiler call __sanitizer_cov_trace_pc() in each basic block of the core, and the linker put
 * __wrap_NAME() where anything calls NAME(). */
#include "counted.h"

#include <string.h>

static size_t steps;

size_t counted_steps(void)
{
    return steps;
}

void __sanitizer_cov_trace_pc(void);

void *__real_memchr(const void *p, int c, size_t n);
void *__wrap_memchr(const void *p, int c, size_t n);
int __real_memcmp(const void *p, const void *q, size_t n);
int __wrap_memcmp(const void *p, const void *q, size_t n);
void *__real_memcpy(void *to, const void *from, size_t n);
void *__wrap_memcpy(void *to, const void *from, size_t n);
void *__real_memmem(const void *p, size_t n, const void *q, size_t m);
void *__wrap_memmem(const void *p, size_t n, const void *q, size_t m);

void __sanitizer_cov_trace_pc(void)
{
    steps++;
}

static void *count_search(const void *p, size_t n, void *found)
{
    steps += found ? (size_t)((const char *)found - (const char *)p) : n;
    return found;
}

void *__wrap_memchr(const void *p, int c, size_t n)
{
    return count_search(p, n, __real_memchr(p, c, n));
}

void *__wrap_memmem(const void *p, size_t n, const void *q, size_t m)
{
    return count_search(p, n, __real_memmem(p, n, q, m));
}

int __wrap_memcmp(const void *p, const void *q, size_t n)
{
    steps += n;
    return __real_memcmp(p, q, n);
}

void *__wrap_memcpy(void *to, const void *from, size_t n)
{
    steps += n;
    return __real_memcpy(to, from, n);
}
