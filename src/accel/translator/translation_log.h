// SPDX-License-Identifier: Apache-2.0
// What -d asks for: guest code, IR and host code of each region as it is translated.
#pragma once

#include <cstdio>
#include <memory>

#include "accel/accelerator.h"
#include "accel/translator/disassembler.h"
#include "base/result.h"
#include "ir/region.h"

namespace kelvin::translator {

class TranslationLog {
  public:
    /// Null if nothing is to be logged.
    static Result<std::unique_ptr<TranslationLog>> open(const accel::TranslatorOptions& options);
    ~TranslationLog();
    TranslationLog(const TranslationLog&) = delete;
    TranslationLog& operator=(const TranslationLog&) = delete;

    void guest(u64 physical, const u8* code, unsigned size);
    void ir(const ir::Region& region);
    /// `code` is where it can be read, `address` where it runs.
    void host(const u8* code, std::size_t size, const u8* address);

  private:
    TranslationLog(std::FILE* file, const accel::TranslatorOptions& options);

    std::FILE* file_;
    bool guest_, ir_, host_;
    Disassembler arm64_{Disassembler::Architecture::arm64};
    Disassembler x64_{Disassembler::Architecture::x64};
};

}  // namespace kelvin::translator
