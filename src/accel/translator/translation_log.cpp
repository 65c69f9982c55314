// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/translation_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "cpu/arm64/exception_counts.h"
#include "ir/text.h"

namespace kelvin::translator {

Result<std::unique_ptr<TranslationLog>> TranslationLog::open(const accel::LogOptions& options) {
    if (!options.any()) {
        return std::unique_ptr<TranslationLog>();
    }
    std::FILE* file = stderr;
    if (!options.file.empty()) {
        file = std::fopen(options.file.c_str(), "we");
        if (file == nullptr) {
            return host_error(fmt::format("opening the log file '{}'", options.file), errno);
        }
    }
    return std::unique_ptr<TranslationLog>(new TranslationLog(file, options));
}

TranslationLog::~TranslationLog() {
    if (file_ != stderr) {
        std::fclose(file_);
    }
}

bool TranslationLog::covers(u64 pc) const {
    return options_.ranges.empty() || std::ranges::any_of(options_.ranges, [pc](const accel::AddressRange& range) {
               return pc >= range.first && pc <= range.last;
           });
}

void TranslationLog::text(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), file_);
    std::fflush(file_);
}

void TranslationLog::region(const TranslatedRegion& made, const x64::Backend& backend) {
    const bool wanted = options_.guest || options_.ir || options_.optimized_ir || options_.host;
    if (!wanted || !covers(made.pc)) {
        return;
    }
    std::string all =
        fmt::format("region {}: EL{} {:#x}, physical {:#x}, {} instructions, {} bytes of host code at {}\n",
                    made.number, static_cast<unsigned>(made.el), made.pc, made.physical, made.guest_size / 4,
                    made.compiled.size, fmt::ptr(made.address));
    if (options_.guest) {
        all += "guest\n" + arm64_.text(made.guest, made.guest_size, made.pc);
    }
    if (options_.ir) {
        all += fmt::format("op\n{}\n", made.lifted);
    }
    if (options_.optimized_ir) {
        all += fmt::format("op_opt\n{}\n", ir::print(made.region));
    }
    if (options_.host) {
        if (listing_ == nullptr) {
            listing_ = std::make_unique<HostListing>(backend);
        }
        const HostListing::Parts parts = listing_->list(made.region, made.compiled, made.code, made.address);
        all += fmt::format("host, {} instructions\n{}host, seldom run, {} instructions\n{}", parts.hot.instructions,
                           parts.hot.text, parts.cold.instructions, parts.cold.text);
    }
    text(all + "\n");
}

void TranslationLog::entry(unsigned cpu, const arm64::State& state, const std::string& registers) {
    if (covers(state.pc)) {
        text(fmt::format("cpu {}: enter EL{} {:#x}\n{}", cpu, static_cast<unsigned>(state.el()), state.pc, registers));
    }
}

void TranslationLog::exception(unsigned cpu, const arm64::State& state, bool interrupt) {
    if (!options_.exceptions) {
        return;
    }
    const u32 exception_class = static_cast<u32>(state.esr[1] >> 26) & 0x3f;
    const std::string what =
        interrupt ? "interrupt"
                  : fmt::format("{}, ESR {:#x}, FAR {:#x}", arm64::describe_exception_class(exception_class),
                                state.esr[1], state.far[1]);
    text(fmt::format("cpu {}: {} at EL{} {:#x}, to EL{} {:#x}\n", cpu, what, state.spsr[1] >> 2 & 3, state.elr[1],
                     static_cast<unsigned>(state.el()), state.pc));
}

void TranslationLog::page(unsigned cpu, u64 address, const arm64::TranslationResult& result) {
    if (!options_.pages) {
        return;
    }
    if (result.faulted()) {
        text(fmt::format("cpu {}: {:#x} faults, status {:#x}\n", cpu, address, result.fault().status));
    } else {
        text(fmt::format("cpu {}: {:#x} is physical {:#x}, of {:#x} bytes{}\n", cpu, address,
                         result.translation().physical.value, result.translation().page_size,
                         result.translation().device ? ", Device memory" : ""));
    }
}

}  // namespace kelvin::translator
