// SPDX-License-Identifier: Apache-2.0
// Gathers cases into batches, runs them on all sides, and counts what differs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accel/injections.h"
#include "differential/generator.h"
#include "differential/qemu.h"

namespace kelvin::differential {

struct Setup {
    std::string emulator = "qemu-aarch64", guest, rules;
    bool compile = true;
    bool environments = false;  ///< Kelvin with itself, in states that user mode has not
    bool show = false;
    x64::HostFeatures host = x64::HostFeatures::detect();  ///< what compiled code may use
    accel::Injections injected;                            ///< what it is made to do badly
};

class Comparison {
  public:
    static Result<std::unique_ptr<Comparison>> make(const Setup& setup, u64 seed);

    std::size_t entry_count() const { return generator_.entries().size(); }
    std::string_view name_of(u64 number) const { return generator_.entry_of(number).name; }

    /// Case `number`; it is run when a batch is full.
    Result<> add(u64 number);
    Result<> finish();

    /// Prints what differed, and with `all` the entries of which nothing was executed. False if there is any.
    bool report(bool all) const;
    u64 cases() const { return cases_; }
    u64 instructions() const { return instructions_; }
    /// Cases that ended with a fault of the kind that a page not present is.
    u64 faults() const { return faults_; }

  private:
    /// What all sides share; its parts refer to each other.
    struct Ground {
        arm64::Model model;
        arm64::Decoder decoder;
        Rules rules;
        translator::CodeCache cache;
    };

    Comparison(std::unique_ptr<Ground> ground, std::unique_ptr<Qemu> qemu, const Setup& setup, u64 seed);

    Result<> submit();
    Result<> collect();
    void compare(const Made& made, const Case& compiled, const Case& qemu);

    std::unique_ptr<Ground> ground_;
    std::unique_ptr<Qemu> qemu_;  ///< null: environments are compared
    bool compile_, show_;

    u64 seed_;
    Lifted lifted_;
    Generator generator_;

    unsigned half_ = 0;  ///< that is being filled
    std::vector<Made> filling_, running_;
    std::vector<Case> compiled_;  ///< of those that run
    std::map<std::string, u64> differences_;
    std::map<const arm64::Instruction*, u64> executed_;
    u64 cases_ = 0, instructions_ = 0, faults_ = 0, shown_ = 0;
};

}  // namespace kelvin::differential
