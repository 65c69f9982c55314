// SPDX-License-Identifier: Apache-2.0
// A kernel that firmware starts: an EFI program for AArch64 (PE/COFF), perhaps compressed with gzip as a whole.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "firmware/input_file.h"

namespace kelvin::firmware {

class EfiProgram {
  public:
    /// Examines the file; any other kind is an error that says what it is.
    static Result<EfiProgram> open(const std::string& path);

    std::string name() const { return file_.name(); }
    Result<std::vector<u8>> content() const;

  private:
    EfiProgram(InputFile file, bool compressed) : file_(std::move(file)), compressed_(compressed) {}

    Result<> examine() const;

    InputFile file_;
    bool compressed_;
};

}  // namespace kelvin::firmware
