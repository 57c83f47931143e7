/* Formats samples, and reads what the process uses. */
#include "samples.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

void samples_head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void samples_one(struct buf *b, const char *name, const char *type, const char *help, int64_t value)
{
    samples_head(b, name, type, help);
    buf_fmt(b, "%s %lld\n", name, (long long)value);
}

void samples_process(struct buf *b, int64_t started_at)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    long long cpu_us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec +
                       used.ru_stime.tv_usec;
    buf_fmt(b,
            "# HELP process_cpu_seconds_total User and system CPU time.\n"
            "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %lld.%06lld\n",
            cpu_us / 1000000, cpu_us % 1000000);
    buf_fmt(b,
            "# HELP process_start_time_seconds Start of the server.\n"
            "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %lld\n",
            (long long)started_at);
    char text[128] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    unsigned long pages;
    if (n > 0 && sscanf(text, "%*u %lu", &pages) == 1)
        buf_fmt(b,
                "# HELP process_resident_memory_bytes Resident memory.\n"
                "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %lu\n",
                pages * (unsigned long)sysconf(_SC_PAGESIZE));
}
