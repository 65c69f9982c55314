// SPDX-License-Identifier: Apache-2.0
// Runs batches of cases in QEMU's user mode: guest FILE, where FILE is laid out as case.h says.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "case.h"

void run_case(struct Case* c, const uint32_t* slot);
extern char exit_case[], resume[];
extern struct {
    uint64_t sp;
    struct Case* running;
} host_sp;

// What stopped a case: an undefined instruction, a fault, or a branch to where no code is. The state goes from the
// signal's frame into the case, and the program goes on behind it.
static void on_signal(int number, siginfo_t* info, void* context) {
    ucontext_t* frame = context;
    struct Case* c = host_sp.running;
    const struct fpsimd_context* vectors = (const void*)frame->uc_mcontext.__reserved;
    memcpy(c->x, frame->uc_mcontext.regs, sizeof c->x);
    memcpy(c->v, vectors->vregs, sizeof c->v);
    c->sp = frame->uc_mcontext.sp;
    c->pc = frame->uc_mcontext.pc;
    c->nzcv = frame->uc_mcontext.pstate & 0xf0000000;
    c->fpsr = vectors->fpsr;
    c->signal = (uint64_t)number;
    c->fault = (uint64_t)info->si_addr;
    frame->uc_mcontext.pc = (uint64_t)resume;
}

static void catch_signals(void) {
    static char stack[65536];
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, 0);
    struct sigaction action = {0};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    const int numbers[] = {SIGILL, SIGSEGV, SIGBUS, SIGTRAP, SIGFPE};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], &action, 0);
    }
}

static void run_batch(char* file, int fd, struct Request request) {
    const uint64_t half = CASE_HEADER_BYTES + request.half * CASE_HALF_BYTES;
    struct Case* cases = (struct Case*)(file + half + CASE_CODE_BYTES);
    // A fresh mapping, so that what was translated from the previous batch is gone.
    mmap((void*)CASE_CODE, CASE_CODE_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, (off_t)half);
    for (uint32_t i = 0; i < request.count; i++) {
        struct Case* c = &cases[i];
        memcpy((void*)CASE_MEMORY_START, c->memory, CASE_MEMORY);
        c->signal = 0;
        ((volatile struct Header*)file)->running = i;
        run_case(c, (const uint32_t*)CASE_CODE + i * CASE_SLOT_WORDS);
        memcpy(c->memory, (void*)CASE_MEMORY_START, CASE_MEMORY);
    }
}

int main(int argc, char** argv) {
    const int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
    if (fd < 0) {
        return 1;
    }
    char* file = mmap(0, CASE_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void* window = mmap((void*)CASE_WINDOW, CASE_WINDOW_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (file == MAP_FAILED || window == MAP_FAILED) {
        return 2;
    }
    ((struct Header*)file)->exit_address = (uint64_t)exit_case;
    catch_signals();
    char done = 'r';
    struct Request request;
    do {
        if (write(1, &done, 1) != 1 || read(0, &request, sizeof request) != sizeof request) {
            return 0;
        }
        run_batch(file, fd, request);
    } while (1);
}
