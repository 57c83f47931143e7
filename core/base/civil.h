/* The UTC calendar: proleptic Gregorian, no leap seconds, years 0 to 9999. */
#ifndef BRGATE_CIVIL_H
#define BRGATE_CIVIL_H

#include "buf.h"

struct civil {
    int year, month, day; /* month 1-12, day 1-31 */
    int hour, minute, second;
};

enum { CIVIL_DAY = 86400 };

/* First second of year 0 and last second of year 9999. */
#define CIVIL_FIRST INT64_C(-62167219200)
#define CIVIL_LAST  INT64_C(253402300799)

bool civil_leap(int year);                    /* a year of 366 days */
int civil_days_in_month(int year, int month); /* month 1-12 */

/* Days from 1970-01-01 to that date; the date must exist. */
int64_t civil_days(int year, int month, int day);

/* Unix seconds; the fields must be in range. */
int64_t civil_unix(struct civil c);

/* The calendar at `unix_seconds`, which is clamped to years 0 to 9999. */
struct civil civil_of(int64_t unix_seconds);

/* 0 is Sunday, for the day that many days after 1970-01-01. */
int civil_weekday(int64_t days);

bool civil_date_exists(int year, int month, int day); /* false also for years outside 0 to 9999 */

/* "2024-01-15T10:20:30Z" */
void civil_put(struct buf *b, int64_t unix_seconds);

/* A span of time for people, without its sign: "61 days", "3 hours", in the largest unit that it has two of. */
void civil_put_span(struct buf *b, int64_t seconds);

#endif
