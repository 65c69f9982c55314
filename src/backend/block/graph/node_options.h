// SPDX-License-Identifier: Apache-2.0
// What a user says of a block node: the options of QEMU's -blockdev and blockdev-add, one struct a driver.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/block/drive.h"
#include "state/options.h"

namespace kelvin::block {

enum class AioMode : u8 { automatic, threads, io_uring, native };
enum class DiscardMode : u8 { ignore, unmap };

std::span<const state::EnumName<AioMode>> enum_names(AioMode);
std::span<const state::EnumName<DiscardMode>> enum_names(DiscardMode);
std::span<const state::EnumName<DetectZeroes>> enum_names(DetectZeroes);
inline std::string_view enum_type_name(AioMode) {
    return "BlockdevAioOptions";
}
inline std::string_view enum_type_name(DiscardMode) {
    return "BlockdevDiscardOptions";
}
inline std::string_view enum_type_name(DetectZeroes) {
    return "BlockdevDetectZeroesOptions";
}

/// io_uring serves those who ask for the host's native interface too.
constexpr IoEngine engine_of(AioMode mode) {
    return mode == AioMode::automatic ? IoEngine::automatic
           : mode == AioMode::threads ? IoEngine::threads
                                      : IoEngine::io_uring;
}

struct CacheOptions {
    std::optional<bool> direct;
    std::optional<bool> no_flush;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("direct", direct, "past the host's page cache");
        visit("no-flush", no_flush, "nothing is made durable");
    }
};

/// What is the same for all drivers. Empty ones are inherited from the node that is described around this one.
struct CommonOptions {
    std::string driver;
    std::string node_name;
    std::optional<bool> read_only;
    std::optional<bool> auto_read_only;
    std::optional<DiscardMode> discard;
    DetectZeroes detect_zeroes = DetectZeroes::off;
    state::Json cache;
    bool force_share = false;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("driver", driver, "what makes the node: file, host_device, raw, qcow2, null-co");
        visit("node-name", node_name, "its name");
        visit("read-only", read_only, "nobody can write to it");
        visit("auto-read-only", auto_read_only, "read-only if the host does not let us write");
        visit("discard", discard, "unmap: what is discarded is given back; ignore: it is not");
        visit("detect-zeroes", detect_zeroes, "on writes zeroes without their bytes, unmap frees them");
        visit("cache", cache, "direct=on, no-flush=on");
        visit("force-share", force_share, "others may write to it meanwhile");
    }
};

struct FileDriverOptions {
    CommonOptions common;
    std::string filename;
    std::optional<AioMode> aio;
    std::optional<state::OnOffAuto> locking;

    template <class Visitor>
    void fields(Visitor& visit) {
        common.fields(visit);
        visit("filename", filename, "the file's path");
        visit("aio", aio, "threads, io_uring or native");
        visit("locking", locking, "off lets others use the file at the same time");
    }
};

struct RawDriverOptions {
    CommonOptions common;
    state::Json file;
    state::Size offset;
    std::optional<state::Size> size;

    template <class Visitor>
    void fields(Visitor& visit) {
        common.fields(visit);
        visit("file", file, "the node that it is a part of: a name, or its options");
        visit("offset", offset, "where in it the part begins");
        visit("size", size, "how long the part is");
    }
};

struct Qcow2DriverOptions {
    CommonOptions common;
    state::Json file;
    state::Json backing;
    std::optional<state::Size> l2_cache_size;
    std::optional<state::Size> cache_size;
    bool pass_discard_request = true;

    template <class Visitor>
    void fields(Visitor& visit) {
        common.fields(visit);
        visit("file", file, "the node that holds the image: a name, or its options");
        visit("backing", backing, "the node behind it: a name, its options, or null for none");
        visit("l2-cache-size", l2_cache_size, "memory for L2 tables");
        visit("cache-size", cache_size, "memory for all tables");
        visit("pass-discard-request", pass_discard_request, "what the guest frees is freed in the file too");
    }
};

struct NullDriverOptions {
    CommonOptions common;
    state::Size size{u64{1} << 30};
    bool read_zeroes = true;

    template <class Visitor>
    void fields(Visitor& visit) {
        common.fields(visit);
        visit("size", size, "bytes");
        visit("read-zeroes", read_zeroes, "accepted: it always reads as zeroes");
    }
};

/// A driver, for lists.
struct NodeDriver {
    std::string_view name;
    std::vector<state::OptionDescription> options;  ///< besides those of all drivers
};
std::vector<NodeDriver> node_drivers();
/// Those that all drivers have.
std::vector<state::OptionDescription> common_node_options();

}  // namespace kelvin::block
