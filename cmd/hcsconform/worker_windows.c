/* SPDX-License-Identifier: MIT */

/*
 * hcsworker: what cases and tests run in a container where processes are real. Does what its arguments say, one after
 * the other, and ends with exit code 0, or with 2 for what it does not know. Bytes are what they are: no line ends are
 * changed.
 *
 *   say TEXT  complain TEXT   a line to standard output, or error
 *   env NAME  where           a variable, the working folder, as a line
 *   echo  count               its input back, to the end; the bytes of its input, as a line
 *   print BYTES               so many, without a line end
 *   catch  ignore             from now on an event of the console is said, and the exit code is 40 + its number; or
 *                             nothing comes of it
 *   start "ARGUMENTS"         one more of its kind, to its end
 *   wait  exit CODE
 */

#include <fcntl.h>
#include <io.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

static BOOL WINAPI caught(DWORD event) {
        printf("event %lu\n", event);
        fflush(stdout);
        ExitProcess(40 + event);
}

static BOOL WINAPI ignored(DWORD event) {
        return TRUE;
}

/* It has our streams. */
static void start(const char *arguments) {
        STARTUPINFOA info = {.cb = sizeof(info)};
        char path[MAX_PATH * 4] = "", line[MAX_PATH * 8];
        PROCESS_INFORMATION child;

        GetModuleFileNameA(NULL, path, sizeof(path));
        snprintf(line, sizeof(line), "\"%s\" %s", path, arguments);
        if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &info, &child))
                exit(3);
        CloseHandle(child.hThread);
        WaitForSingleObject(child.hProcess, INFINITE);
        CloseHandle(child.hProcess);
}

static void echo(void) {
        char data[4096];
        int n;

        while ((n = _read(_fileno(stdin), data, sizeof(data))) > 0) /* what is there */
                for (int done = 0, m; done < n; done += m) {
                        m = _write(_fileno(stdout), data + done, (unsigned)(n - done));
                        if (m <= 0)
                                exit(3); /* nobody reads it */
                }
}

static void count(void) {
        static char data[65536];
        unsigned long long all = 0;
        size_t n;

        while ((n = fread(data, 1, sizeof(data), stdin)) > 0)
                all += n;
        printf("%llu\n", all);
}

static void print(unsigned long long bytes) {
        static char data[65536];

        memset(data, 'x', sizeof(data));
        while (bytes > 0) {
                size_t part = bytes < sizeof(data) ? (size_t)bytes : sizeof(data);

                if (fwrite(data, 1, part, stdout) != part)
                        exit(3); /* nobody reads it */
                bytes -= part;
        }
}

/* False: it is none of these. */
static bool with_argument(const char *what, const char *argument) {
        if (!argument)
                return false;
        if (!strcmp(what, "say"))
                printf("%s\n", argument);
        else if (!strcmp(what, "complain"))
                fprintf(stderr, "%s\n", argument);
        else if (!strcmp(what, "env"))
                printf("%s\n", getenv(argument) ? getenv(argument) : "(unset)");
        else if (!strcmp(what, "print"))
                print(strtoull(argument, NULL, 10));
        else if (!strcmp(what, "start"))
                start(argument);
        else if (!strcmp(what, "exit"))
                exit((int)strtoul(argument, NULL, 10));
        else
                return false;
        return true;
}

static void say_where(void) {
        char path[MAX_PATH * 4] = "";

        GetCurrentDirectoryA(sizeof(path), path);
        printf("%s\n", path);
}

static bool alone(const char *what) {
        if (!strcmp(what, "where"))
                say_where();
        else if (!strcmp(what, "echo"))
                echo();
        else if (!strcmp(what, "count"))
                count();
        else if (!strcmp(what, "catch"))
                SetConsoleCtrlHandler(caught, TRUE);
        else if (!strcmp(what, "ignore"))
                SetConsoleCtrlHandler(ignored, TRUE);
        else if (!strcmp(what, "wait"))
                Sleep(INFINITE);
        else
                return false;
        return true;
}

int main(int argc, char **argv) {
        _setmode(_fileno(stdin), _O_BINARY);
        _setmode(_fileno(stdout), _O_BINARY);
        _setmode(_fileno(stderr), _O_BINARY);
        for (int i = 1; i < argc; i++) {
                if (with_argument(argv[i], argv[i + 1]))
                        i++;
                else if (!alone(argv[i]))
                        return 2;
                fflush(stdout);
        }
        return 0;
}
