// SPDX-License-Identifier: Apache-2.0
// Files that tell Linux's perf what generated code is: a map of addresses to names, which `perf report` reads, and a
// dump of code with the times it was made at, which `perf inject --jit` reads.
//
// A map has no times. So it always says what is in the code cache now: when a segment is filled again, what was there
// before is taken out. Samples of code that was dropped since are then named wrongly or not at all; a dump has no such
// limit. Dropped code whose memory has not been used again stays in both.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/types.h"

namespace kelvin::translator {

/// A piece of code. `code` is where it can be read, `address` where it runs.
struct NamedCode {
    const u8* code;
    const u8* address;
    std::size_t size;
    std::string name;
};

/// Owner: who holds the translator's lock.
class PerfMap {
  public:
    static Result<std::unique_ptr<PerfMap>> create(const std::string& path);

    /// Without a segment: code that is never dropped.
    void add(std::optional<unsigned> segment, const NamedCode& made);
    /// The segment is about to be filled again.
    void forget(unsigned segment);

  private:
    explicit PerfMap(Fd file) : file_(std::move(file)) {}
    static std::string line(const NamedCode& made);
    void write(const std::string& text);

    const Fd file_;
    std::string permanent_;
    std::vector<std::string> lines_;  ///< by segment
};

/// Owner: likewise.
class JitDump {
  public:
    static Result<std::unique_ptr<JitDump>> create(const std::string& path);
    ~JitDump();
    JitDump(const JitDump&) = delete;
    JitDump& operator=(const JitDump&) = delete;

    void add(const NamedCode& made);

  private:
    JitDump(Fd file, void* marker) : file_(std::move(file)), marker_(marker) {}

    const Fd file_;
    void* const marker_;  ///< a mapping by which perf learns of the file
    u64 made_ = 0;
};

/// Those of both that are wanted. Owner: likewise.
class ProfileFiles {
  public:
    static Result<ProfileFiles> open(bool map, bool dump);

    bool wanted() const { return map_ != nullptr || dump_ != nullptr; }
    /// Code that is never dropped, or in `segment`.
    void add(std::optional<unsigned> segment, const NamedCode& made);
    void forget(unsigned segment);

  private:
    std::unique_ptr<PerfMap> map_;
    std::unique_ptr<JitDump> dump_;
};

/// "/tmp/perf-PID.map", where perf looks, and "jit-PID.dump" in the current folder, as perf wants it called.
std::string perf_map_path();
std::string jit_dump_path();

}  // namespace kelvin::translator
