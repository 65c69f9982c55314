// SPDX-License-Identifier: Apache-2.0
// The far end of a line is a pseudo-terminal, which any terminal program can open.
#pragma once

#include <memory>
#include <string>

#include "backend/char/stream.h"
#include "base/result.h"

namespace kelvin::backend {

class PtyBackend final : public Stream {
  public:
    static Result<std::unique_ptr<PtyBackend>> open(EventLoop& loop);

    /// "/dev/pts/3"
    const std::string& path() const { return path_; }
    std::string describe() const override { return "pty:" + path_; }

  private:
    explicit PtyBackend(EventLoop& loop) : Stream(loop, true) {}

    std::string path_;
    Fd other_end_;  ///< held open, so that the terminal lasts while nobody has it
};

}  // namespace kelvin::backend
