/* `brgate serve` with the tests' handler, for what needs a process: signals, flags, exit codes. */
#include "command.h"

int main(int argc, char **argv)
{
    return command_serve(argc - 1, argv + 1);
}
