// SPDX-License-Identifier: Apache-2.0
// QEMU's side: its user mode runs guest.c, which shares a file with this process.
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/types.h"
#include "differential/case.h"

namespace kelvin::differential {

class Qemu {
  public:
    /// Starts `emulator` with the guest program; fails if that does not answer.
    static Result<std::unique_ptr<Qemu>> start(const std::string& emulator, const std::string& guest);
    ~Qemu();
    Qemu(const Qemu&) = delete;
    Qemu& operator=(const Qemu&) = delete;

    /// Where slot `slot`'s words will be, behind the one that fetches X30.
    static u64 pc_of(unsigned slot) { return CASE_CODE + slot * CASE_SLOT_WORDS * 4 + 4; }

    /// Puts a case into a slot of half 0 or 1.
    void set(unsigned half, unsigned slot, const Case& in, std::span<const u32> words);
    /// Slots from 0 on begin to run.
    Result<> run(unsigned half, unsigned count);
    /// Waits until they are done.
    Result<> wait();
    /// The slot that runs, or after wait() has failed, the one that ended QEMU.
    u64 running() const { return reinterpret_cast<const volatile Header*>(file_)->running; }
    const Case& result(unsigned half, unsigned slot) const { return cases(half)[slot]; }

  private:
    Qemu(u8* file, Fd requests, Fd answers, pid_t process)
        : file_(file), requests_(std::move(requests)), answers_(std::move(answers)), process_(process) {}

    u32* code(unsigned half) const;
    Case* cases(unsigned half) const;

    u8* file_;
    Fd requests_, answers_;
    pid_t process_;
};

}  // namespace kelvin::differential
