// SPDX-License-Identifier: Apache-2.0
// What -d asks for. Each event is one write, so that those of several threads do not mix.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "accel/log_options.h"
#include "accel/translator/disassembler.h"
#include "accel/translator/host_listing.h"
#include "base/result.h"
#include "cpu/arm64/state.h"
#include "cpu/arm64/translation.h"

namespace kelvin::translator {

/// A region that has just been translated.
struct TranslatedRegion {
    u64 number;  ///< from 1 on
    u64 pc;      ///< where it was first wanted
    u64 physical;
    arm64::ExceptionLevel el;
    const u8* guest;
    unsigned guest_size;
    const std::string& lifted;  ///< the IR before passes, as text, if that is wanted
    const ir::Region& region;
    const x64::CompiledRegion& compiled;
    const u8* code;     ///< where it can be read
    const u8* address;  ///< where it runs
};

class TranslationLog {
  public:
    /// Null if nothing is to be logged.
    static Result<std::unique_ptr<TranslationLog>> open(const accel::LogOptions& options);
    ~TranslationLog();
    TranslationLog(const TranslationLog&) = delete;
    TranslationLog& operator=(const TranslationLog&) = delete;

    const accel::LogOptions& options() const { return options_; }
    /// Whether regions that begin at `pc` are wanted.
    bool covers(u64 pc) const;

    /// Owner: who holds the translator's lock.
    void region(const TranslatedRegion& made, const x64::Backend& backend);

    // Any thread.
    /// Generated code is entered; `registers` are shown if there are any.
    void entry(unsigned cpu, const arm64::State& state, const std::string& registers);
    /// `state` has just taken an exception; `interrupt`: it was none of an instruction's.
    void exception(unsigned cpu, const arm64::State& state, bool interrupt);
    void page(unsigned cpu, u64 address, const arm64::TranslationResult& result);
    void text(const std::string& text);

  private:
    TranslationLog(std::FILE* file, const accel::LogOptions& options) : file_(file), options_(options) {}

    std::FILE* const file_;
    const accel::LogOptions options_;
    Disassembler arm64_{Disassembler::Architecture::arm64};
    std::unique_ptr<HostListing> listing_;
};

}  // namespace kelvin::translator
