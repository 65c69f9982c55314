// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/translation_log.h"

#include <cerrno>

#include <fmt/format.h>

#include "ir/text.h"

namespace kelvin::translator {

Result<std::unique_ptr<TranslationLog>> TranslationLog::open(const accel::TranslatorOptions& options) {
    if (!options.log_guest && !options.log_ir && !options.log_host) {
        return std::unique_ptr<TranslationLog>();
    }
    std::FILE* file = stderr;
    if (!options.log_file.empty()) {
        file = std::fopen(options.log_file.c_str(), "w");
        if (file == nullptr) {
            return host_error(fmt::format("opening the log file '{}'", options.log_file), errno);
        }
    }
    return std::unique_ptr<TranslationLog>(new TranslationLog(file, options));
}

TranslationLog::TranslationLog(std::FILE* file, const accel::TranslatorOptions& options)
    : file_(file), guest_(options.log_guest), ir_(options.log_ir), host_(options.log_host) {}

TranslationLog::~TranslationLog() {
    if (file_ != stderr) {
        std::fclose(file_);
    }
}

void TranslationLog::guest(u64 physical, const u8* code, unsigned size) {
    if (guest_) {
        fmt::print(file_, "guest {:#x}\n{}", physical, arm64_.text(code, size, physical));
        std::fflush(file_);
    }
}

void TranslationLog::ir(const ir::Region& region) {
    if (ir_) {
        fmt::print(file_, "ir\n{}\n", ir::print(region));
        std::fflush(file_);
    }
}

void TranslationLog::host(const u8* code, std::size_t size, const u8* address) {
    if (host_) {
        fmt::print(file_, "host {}\n{}\n", fmt::ptr(address), x64_.text(code, size, reinterpret_cast<u64>(address)));
        std::fflush(file_);
    }
}

}  // namespace kelvin::translator
