// SPDX-License-Identifier: Apache-2.0
#include "backend/block/graph/node_opener.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "backend/block/chain/open_image.h"
#include "backend/block/graph/null_node.h"
#include "backend/block/graph/raw_node.h"
#include "backend/block/qcow2/create.h"
#include "base/bits.h"
#include "base/nearest_name.h"

namespace kelvin::block {

using state::Json;

namespace {

/// Of tables; more than enough for the largest disk.
constexpr u64 kLargestCache = u64{1} << 30;

/// QEMU's rule, which clients rely on to tell names from other things; and its longest.
constexpr std::size_t kLongestName = 31;
bool is_node_name(std::string_view name) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto fits = [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    };
    return !name.empty() && name.size() <= kLongestName && is_letter(name.front()) && std::ranges::all_of(name, fits);
}

Result<std::string> driver_of(const Json& options) {
    std::string driver;
    if (!options.is_object()) {
        return state::bad_value(options, "the name or the options of a block node");
    }
    if (const auto found = options.find("driver"); found != options.end()) {
        KELVIN_TRY(state::read_value(*found, driver));
    } else if (options.contains("filename")) {
        driver = "file";
    }
    std::vector<std::string_view> known;
    for (const NodeDriver& each : node_drivers()) {
        known.push_back(each.name);
    }
    if (std::ranges::find(known, driver) == known.end()) {
        return user_error(driver.empty()
                              ? "a block node has no driver"
                              : fmt::format("there is no driver '{}'{}", driver, did_you_mean(driver, known)),
                          fmt::format("drivers are {}", fmt::join(known, ", ")));
    }
    return driver;
}

/// What messages call a node before it is one.
std::string owner_of(const Json& options, const std::string& title) {
    const auto name = options.find("node-name");
    return name != options.end() && name->is_string() ? fmt::format("node '{}'", name->get<std::string>()) : title;
}

bool is_device(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISBLK(status.st_mode);
}

Result<> check_kind(const GraphNode& node, const std::string& path) {
    if (node.driver == "file" && node.file->is_device()) {
        return user_error(fmt::format("{}: '{}' is a block device", node.title, path), "driver=host_device opens it");
    }
    if (node.driver == "host_device" && !node.file->is_device()) {
        return user_error(fmt::format("{}: '{}' is not a block device", node.title, path), "driver=file opens it");
    }
    return ok();
}

}  // namespace

Json describe_file(const std::string& path) {
    return {{"driver", is_device(path) ? "host_device" : "file"}, {"filename", path}};
}

Result<GraphNode*> NodeOpener::open(const Json& options, const Inherited& around) {
    const std::string driver = KELVIN_TRY(driver_of(options));
    if (driver == "raw") {
        return open_raw(options, around);
    }
    if (driver == "qcow2") {
        return open_qcow2(options, around);
    }
    return driver.starts_with("null") ? open_null(options, around) : open_file(options, around);
}

Result<NodeOpener::Begun> NodeOpener::begin(const CommonOptions& common, const Inherited& around) {
    CacheOptions cache;
    if (!common.cache.is_null()) {
        KELVIN_TRY(state::read_options("cache", common.cache, cache));
    }
    Inherited inner = around;
    inner.read_only = common.read_only.value_or(around.read_only);
    inner.auto_read_only = common.auto_read_only.value_or(around.auto_read_only);
    inner.direct = cache.direct.value_or(around.direct);
    inner.no_flush = cache.no_flush.value_or(around.no_flush);
    // What a format gives back is given back by what holds it.
    inner.discard = DiscardMode::unmap;
    if (common.force_share) {
        if (!inner.read_only) {
            return user_error("force-share=on is for read-only nodes", "add read-only=on");
        }
        inner.locking = state::OnOffAuto::off;
    }
    if (!common.node_name.empty() && !is_node_name(common.node_name)) {
        return user_error(fmt::format("'{}' cannot be a node's name", common.node_name),
                          fmt::format("a letter, then letters, digits, '-', '.' and '_', {} in all", kLongestName));
    }
    if (graph_.find(common.node_name) != nullptr) {
        return user_error(fmt::format("there is a node '{}' already", common.node_name), "each name is one node's");
    }
    auto node = std::make_unique<GraphNode>();
    node->name = common.node_name.empty() ? graph_.new_name() : common.node_name;
    node->title = common.node_name.empty() ? title_ : fmt::format("node '{}'", common.node_name);
    node->discard = common.discard.value_or(around.discard) == DiscardMode::unmap;
    node->detect_zeroes = common.detect_zeroes;
    node->cache_direct = inner.direct;
    node->no_flush = inner.no_flush;
    graph_.nodes_.push_back(std::move(node));
    return Begun{*graph_.nodes_.back(), inner};
}

/// Behind those that it refers to, in the order of lists.
GraphNode* NodeOpener::finish(GraphNode& node) {
    auto& nodes = graph_.nodes_;
    const auto found = std::ranges::find(nodes, &node, [](const auto& each) { return each.get(); });
    std::rotate(found, found + 1, nodes.end());
    return &node;
}

Result<GraphNode*> NodeOpener::open_file(const Json& options, const Inherited& around) {
    FileDriverOptions given;
    KELVIN_TRY(state::read_options(owner_of(options, title_), options, given));
    auto [node, inner] = KELVIN_TRY(begin(given.common, around));
    node.driver = given.common.driver.empty() ? "file" : given.common.driver;
    if (given.filename.empty()) {
        return user_error(fmt::format("{} has no file", node.title), "add filename=PATH");
    }
    node.aio = given.aio.value_or(around.aio);
    node.locking = given.locking.value_or(inner.locking) != state::OnOffAuto::off;
    FileOptions file;
    file.path = given.filename;
    file.read_only = inner.read_only;
    file.auto_read_only = inner.auto_read_only;
    file.direct = inner.direct;
    file.no_flush = inner.no_flush;
    file.discard = node.discard;
    file.engine = engine_of(node.aio);
    file.lock = LockMode::none;  // until it has users
    node.file = KELVIN_TRY(FileNode::open(io_, file));
    node.block = node.file;
    KELVIN_TRY(check_kind(node, given.filename));
    KELVIN_TRY(note_file(*node.file));
    return finish(node);
}

Result<GraphNode*> NodeOpener::open_temporary(GraphNode& base, const CommonOptions& options) {
    const char* const folder = std::getenv("TMPDIR");
    FileOptions file;
    file.path = folder != nullptr ? folder : "/var/tmp";
    file.temporary = true;
    file.no_flush = true;
    file.engine = engine_of(base.aio);
    file.lock = LockMode::none;
    GraphNode& storage = (KELVIN_TRY(begin({}, {}))).node;
    storage.driver = "file";
    storage.locking = false;
    storage.file = KELVIN_TRY(FileNode::open(io_, file));
    storage.block = storage.file;
    finish(storage);
    GraphNode& node = (KELVIN_TRY(begin(options, {}))).node;
    node.driver = "qcow2";
    KELVIN_TRY(graph_.claim(storage, {&node, node.title, Access::write}));
    node.storage = &storage;
    qcow2::CreateOptions image;
    image.size = align_up(base.block->size(), 512);
    node.image = KELVIN_TRY(qcow2::create(io_, storage.file, image));
    node.block = node.image;
    KELVIN_TRY(graph_.claim(base, {&node, node.title, Access::read}));
    node.backing = &base;
    node.image->set_backing(base.block);
    return finish(node);
}

Result<GraphNode*> NodeOpener::open_raw(const Json& options, const Inherited& around) {
    RawDriverOptions given;
    KELVIN_TRY(state::read_options(owner_of(options, title_), options, given));
    auto [node, inner] = KELVIN_TRY(begin(given.common, around));
    node.driver = "raw";
    node.storage = KELVIN_TRY(child(given.file, inner, node, Access::none));
    const u64 whole = node.storage->block->size();
    RawRange range;
    range.offset = given.offset.bytes;
    if (given.size) {
        range.size = given.size->bytes;
    }
    if (range.offset > whole || range.size.value_or(0) > whole - range.offset) {
        return user_error(fmt::format("{}: offset={},size={} reaches beyond the {} bytes of node '{}'", node.title,
                                      range.offset, range.size.value_or(whole - range.offset), whole,
                                      node.storage->name));
    }
    if (range.size && *range.size % 512 != 0) {
        return user_error(fmt::format("{}: size={} is not a multiple of 512", node.title, *range.size));
    }
    node.block = std::make_shared<RawNode>(node.storage->block, range, inner.read_only);
    return finish(node);
}

Result<GraphNode*> NodeOpener::open_null(const Json& options, const Inherited& around) {
    NullDriverOptions given;
    KELVIN_TRY(state::read_options(owner_of(options, title_), options, given));
    auto [node, inner] = KELVIN_TRY(begin(given.common, around));
    node.driver = given.common.driver;
    node.block = std::make_shared<NullNode>(node.driver, given.size.bytes, inner.read_only);
    return finish(node);
}

Result<GraphNode*> NodeOpener::open_qcow2(const Json& options, const Inherited& around) {
    Qcow2DriverOptions given;
    KELVIN_TRY(state::read_options(owner_of(options, title_), options, given));
    auto [node, inner] = KELVIN_TRY(begin(given.common, around));
    node.driver = "qcow2";
    node.storage = KELVIN_TRY(child(given.file, inner, node, Access::none));
    const GraphNode& storage = *node.storage;
    if (storage.file == nullptr) {
        return user_error(fmt::format("{}: a qcow2 image lies in a node of driver file or host_device; '{}' is {}",
                                      node.title, storage.name, storage.driver));
    }
    const bool read_only = inner.read_only || (inner.auto_read_only && storage.block->read_only());
    if (!read_only && storage.block->read_only()) {
        return user_error(fmt::format("{} is to be written to, but node '{}', which holds it, is read-only", node.title,
                                      storage.name),
                          "add read-only=on");
    }
    KELVIN_TRY(graph_.change_access(*node.storage, &node, read_only ? Access::read : Access::write));
    qcow2::ImageOptions image = {.read_only = read_only, .discard = given.pass_discard_request && storage.discard};
    if (const auto size = given.l2_cache_size ? given.l2_cache_size : given.cache_size) {
        image.l2_budget = std::min(size->bytes, kLargestCache);
    }
    node.image = KELVIN_TRY(qcow2::Image::open(io_, storage.file, image));
    node.block = node.image;
    inner.aio = storage.aio;
    inner.locking = storage.locking ? state::OnOffAuto::automatic : state::OnOffAuto::off;
    const auto backing = options.find("backing");
    KELVIN_TRY(open_backing(backing == options.end() ? nullptr : &*backing, inner, node));
    return finish(node);
}

/// `reference` is what the user said; null: nothing, so that the image is asked.
Result<> NodeOpener::open_backing(const Json* reference, const Inherited& inner, GraphNode& node) {
    const bool none = reference != nullptr
                          ? reference->is_null() || (reference->is_string() && reference->get<std::string>().empty())
                          : node.image->header().backing_name.empty();
    if (none) {
        return ok();
    }
    Inherited behind = inner;
    behind.read_only = true;
    if (reference != nullptr) {
        node.backing = KELVIN_TRY(child(*reference, behind, node, Access::read));
    } else {
        auto opened = child(KELVIN_TRY(describe_backing(node)), behind, node, Access::read);
        if (!opened) {
            Error error = opened.error();
            error.what = fmt::format("backing file of '{}': {}", node.image->path(), error.what);
            return error;
        }
        node.backing = *opened;
    }
    node.image->set_backing(node.backing->block);
    return ok();
}

/// Images that name each other in a circle, or without end.
Result<> NodeOpener::note_file(const FileNode& file) {
    if (std::ranges::find(files_, file.identity()) != files_.end()) {
        return image_behind_itself(file.path());
    }
    files_.push_back(file.identity());
    return files_.size() > kMaxDepth ? Result<>(too_many_images(file.path())) : ok();
}

Result<Json> NodeOpener::describe_backing(const GraphNode& node) {
    const BackingImage backing = KELVIN_TRY(backing_image(node.image->path(), node.image->header()));
    std::optional<Format> format = backing.format;
    if (!format) {
        const auto file =
            KELVIN_TRY(FileNode::open(io_, {.path = backing.path, .read_only = true, .lock = LockMode::none}));
        format = KELVIN_TRY(probe_format(io_, *file));
        if (*format == Format::raw) {
            return backing_format_missing(node.image->path(), node.image->header().backing_name);
        }
    }
    return Json{{"driver", format_name(*format)}, {"file", describe_file(backing.path)}};
}

Result<GraphNode*> NodeOpener::child(const Json& reference, const Inherited& around, GraphNode& user, Access access) {
    GraphNode* const node = KELVIN_TRY(find_or_open(reference, around, user));
    if (node->detect_zeroes != DetectZeroes::off) {
        return user_error(fmt::format("node '{}' has detect-zeroes, but is not what a device uses", node->name),
                          fmt::format("give {} that option", user.title));
    }
    KELVIN_TRY(graph_.claim(*node, {&user, user.title, access}));
    return node;
}

Result<GraphNode*> NodeOpener::find_or_open(const Json& reference, const Inherited& around, const GraphNode& user) {
    if (reference.is_null()) {
        return user_error(fmt::format("{} has no file", user.title),
                          "add file=NODE, or file.driver=file,file.filename=");
    }
    if (!reference.is_string()) {
        return open(reference, around);
    }
    GraphNode* const node = KELVIN_TRY(graph_.get(reference.get<std::string>()));
    return node->block != nullptr ? Result<GraphNode*>(node)
                                  : user_error(fmt::format("node '{}' refers to itself", node->name));
}

}  // namespace kelvin::block
