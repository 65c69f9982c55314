// SPDX-License-Identifier: Apache-2.0
// What a program asks of the host for one file, written down, and what a loss of power may leave of it.
//
// The program's calls of pwritev(2), fallocate(2), ftruncate(2) and fdatasync(2) come here, as this file's functions
// have those names. Nothing says in which order the host brings to the disk what was not synchronized: any part of it
// may be there, sector by sector.
#pragma once

#include <memory>
#include <mutex>
#include <random>
#include <vector>

#include "base/types.h"

namespace kelvin::endurance {

/// Orders calls and requests of all threads.
using Moment = u64;
inline constexpr Moment kNever = ~Moment{0};

struct HostCall {
    enum class Kind : u8 { write, zeroes, size };
    Kind kind = Kind::write;
    u64 offset = 0;  ///< size: the new one
    u64 length = 0;
    bool keeps_size = false;
    std::vector<u8> data;  ///< write
    Moment begun = 0;
    Moment ended = kNever;
};

/// There is one, as the functions of the host have no other place.
class HostCalls {
  public:
    static HostCalls& get();

    /// Writes down what is done to the file with this inode from here on.
    void begin(u64 inode);
    void end();
    Moment now();

    /// For the functions that stand for the host's. Null if nothing is written down of that file.
    HostCall* start(int fd, HostCall call);
    void finish(HostCall* call);
    Moment start_sync(int fd);
    void finish_sync(Moment begun);

    struct Sync {
        Moment begun = 0;
        Moment ended = 0;
    };
    const std::vector<std::unique_ptr<HostCall>>& calls() const { return calls_; }
    const std::vector<Sync>& syncs() const { return syncs_; }

  private:
    bool is_recorded(int fd) const;

    std::mutex mutex_;  // guards all of it
    bool recording_ = false;
    u64 inode_ = 0;
    Moment now_ = 0;
    std::vector<std::unique_ptr<HostCall>> calls_;  // by `begun`
    std::vector<Sync> syncs_;
};

/// Files as they may be after a loss of power at later and later moments.
class Wreckage {
  public:
    Wreckage(const HostCalls& calls, std::vector<u8> before)
        : calls_(calls), durable_(std::move(before)), is_durable_(calls.calls().size()) {}

    /// `moment` is not before that of the last call.
    std::vector<u8> at(Moment moment, std::mt19937_64& random);

  private:
    void make_durable(Moment moment);

    const HostCalls& calls_;
    std::vector<u8> durable_;
    std::vector<bool> is_durable_;
};

}  // namespace kelvin::endurance
