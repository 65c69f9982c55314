// SPDX-License-Identifier: Apache-2.0
// The far end of a line is a pair of named pipes, or anything else that can be opened for both directions.
#pragma once

#include <memory>
#include <string>

#include "backend/char/stream.h"
#include "base/result.h"

namespace kelvin::backend {

class PipeBackend final : public Stream {
  public:
    /// What is written to `path`.in is the line's input, and its output comes from `path`.out; without these, `path` is
    /// both.
    static Result<std::unique_ptr<PipeBackend>> open(const std::string& path, EventLoop& loop);
    std::string describe() const override { return "pipe:" + path_; }
    /// The pipes are there whether or not somebody has them open.
    bool needs_peer() const override { return false; }

  private:
    PipeBackend(std::string path, EventLoop& loop) : Stream(loop), path_(std::move(path)) {}

    std::string path_;
};

}  // namespace kelvin::backend
