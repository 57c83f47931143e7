module brgate/oracle

go 1.26.0

require github.com/robfig/cron v1.2.0
