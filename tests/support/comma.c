/* A locale with a decimal comma. */
#define _XOPEN_SOURCE 700
#include "support/comma.h"

#include "support/support.h"

#include <locale.h>
#include <stdlib.h>

static const char definition[] = "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\nEND LC_NUMERIC\n";

bool begin_comma(void)
{
    char folder[] = "/tmp/nowcast_comma_XXXXXX", path[64], command[256];
    if (!mkdtemp(folder)) return false;
    snprintf(path, sizeof path, "%s/comma", folder);
    FILE *const file = fopen(path, "w");
    bool made = file && fputs(definition, file) >= 0;
    if (file) fclose(file);
    snprintf(command, sizeof command, "localedef -c -i %s %s/xx_XX > %s.log 2>&1", path, folder, path);
    (void)!system(command); /* it warns of all that is not defined, with a status of its own */
    made = made && setenv("LOCPATH", folder, 1) == 0 && setlocale(LC_NUMERIC, "xx_XX");
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 && made && strcmp(localeconv()->decimal_point, ",") == 0;
}

void end_comma(void)
{
    setlocale(LC_NUMERIC, "C");
}
