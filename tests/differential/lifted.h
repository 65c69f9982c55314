// SPDX-License-Identifier: Apache-2.0
// Kelvin's side: a case's words lifted, and run on the IR interpreter or as host code.
#pragma once

#include <span>
#include <vector>

#include "accel/injections.h"
#include "accel/translator/code_cache.h"
#include "differential/window.h"
#include "emit/x64/backend.h"
#include "ir/pass/pass.h"
#include "lift/arm64/translate.h"

namespace kelvin::differential {

/// How a case is compiled; all must come to the same.
struct CompileChoices {
    bool passes = true;
    bool whole = true;       ///< as few regions as can be, or one an instruction
    bool tlb_filled = true;  ///< or loads and stores begin with misses
    ir::BuilderOptions builder;
};

/// Case::signal of exceptions that Linux sends no signal for in particular: this plus the exception class.
inline constexpr u64 kOtherExceptions = 100;

/// What decides how code is lifted, besides the code. User mode has one; the others are for comparing Kelvin with
/// itself.
struct Environment {
    bool big_endian = false;     ///< SCTLR_EL1.E0E
    bool aligned = false;        ///< A: every access must be
    bool stack_aligned = false;  ///< SA0
    bool fp_trapped = false;     ///< CPACR_EL1.FPEN
};

class Lifted {
  public:
    Lifted(const arm64::Model& model, const arm64::Decoder& decoder, translator::CodeCache& cache,
           const x64::HostFeatures& host, const accel::Injections& injected);

    /// From now on.
    void set_environment(const Environment& environment) { environment_ = environment; }

    /// Each runs `words` from `in`.pc on until control leaves them, and returns what has become of `in`.
    Case interpret(const Case& in, std::span<const u32> words);
    Case compiled(const Case& in, std::span<const u32> words, const CompileChoices& choices);

    /// Of the last run, if it ended with SIGSEGV.
    const Miss& miss() const { return window_.miss; }
    /// Bit per slot: base registers that the last run used.
    u64 bases() const { return window_.bases; }
    /// The last run did what the architecture leaves open.
    bool constrained() const { return window_.constrained; }

  private:
    void begin(const Case& in, std::span<const u32> words);
    Case finish(const Case& in);
    void lift(u64 end, unsigned most, const ir::BuilderOptions& options);
    bool running(u64 start, u64 end) const;
    x64::CompiledRegion compile();
    void run_compiled();

    Environment environment_;
    const accel::Injections injected_;
    const arm64::Model& model_;
    const arm64::Decoder& decoder_;
    translator::CodeCache& cache_;
    testing::Processor processor_;
    Window window_;
    x64::Backend backend_;
    ir::Interpreter interpreter_;
    ir::Region region_;
    pass::Scratch scratch_;
    std::vector<u8> page_;
};

}  // namespace kelvin::differential
