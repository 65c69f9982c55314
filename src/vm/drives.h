// SPDX-License-Identifier: Apache-2.0
// A machine's disks: block nodes, drives on them, and which device has which.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/block/chain/open_image.h"
#include "backend/block/drive.h"
#include "backend/block/graph/block_graph.h"
#include "base/event_loop.h"
#include "vm/drive_spec.h"

namespace kelvin::block::qcow2 {
struct CreateOptions;
}

namespace kelvin::vm {

/// From here on a drive's writes go to another image, with what it held so far behind that.
struct DriveSnapshot {
    std::string drive = {};
    std::string node = {};     ///< or what the drive is on
    std::string overlay = {};  ///< the node that takes what is written; empty: one is made of what follows
    std::string file = {};
    std::string name = {};  ///< the new node's
    bool is_there = false;  ///< the file, so that it is not made
};

/// A device that has a host's end.
struct Claimant {
    std::string key;         ///< of nobody else
    std::string title;       ///< for messages: "virtio-blk-pci 'disk0'"
    std::string path;        ///< as QMP names it
    bool removable = false;  ///< its medium can be taken out
};

/// Which drive with a medium that comes and goes, by one of both.
struct MediumPlace {
    std::string drive;
    std::string device;  ///< the id of who has it, or its path in the tree of objects
};

/// A file that is to be the medium.
struct NewMedium {
    std::string file;
    std::optional<ImageFormat> format;
};

/// Told what a machine's disks meet. I/O loop's thread; must not wait.
class DrivesObserver {
  public:
    virtual ~DrivesObserver() = default;
    /// `report` is the data of QMP's BLOCK_IO_ERROR; null if the same disk has lately been reported, and there is no
    /// need to say it again. If `stops`, a request is kept, which asks for the machine to be paused.
    virtual void disk_failed(state::Json report, bool stops) = 0;
    /// `event` is the data of QMP's DEVICE_TRAY_MOVED.
    virtual void tray_moved(state::Json /*event*/) {}
};

/// Called by the control loop's thread, but where it says otherwise; the work is done on the I/O loop's.
class Drives {
  public:
    /// `io` and `observer`, which may be null, outlive this object.
    explicit Drives(EventLoop& io, DrivesObserver* observer = nullptr) : io_(io), observer_(observer) {}
    ~Drives();
    Drives(const Drives&) = delete;
    Drives& operator=(const Drives&) = delete;

    /// Opens the image. Its id must be new.
    Result<> add(const DriveSpec& spec);
    /// Remarks for the user, each once: an image whose format was not named.
    const std::vector<std::string>& notes() const { return notes_; }

    /// -blockdev and blockdev-add.
    Result<> add_node(const state::Json& options);
    /// blockdev-del: an error names who uses the node.
    Result<> remove_node(const std::string& name);
    /// All of `wanted` at one moment, or none of it.
    Result<> snapshot(std::span<const DriveSnapshot> wanted);
    /// Makes an empty image in a node that nobody uses.
    Result<> create_image(const std::string& node, const block::qcow2::CreateOptions& options);
    /// block_resize: of the drive with that id, or of the node; one of both is empty.
    Result<> resize(const std::string& id, const std::string& node, u64 size);

    /// Media of CD drives, as QMP's blockdev-open-tray and its kin. A guest that has locked the tray is asked to open
    /// it and, where the medium is wanted at once, that is an error unless `force`.
    Result<> open_tray(const MediumPlace& place, bool force);
    Result<> close_tray(const MediumPlace& place);
    Result<> remove_medium(const MediumPlace& place);
    Result<> insert_medium(const MediumPlace& place, const std::string& node);
    Result<> eject(const MediumPlace& place, bool force);
    Result<> change_medium(const MediumPlace& place, const NewMedium& wanted, bool force);

    /// The machine goes on: requests that were kept are tried again.
    void retry();

    /// I/O loop's thread. `id` is a drive's or a node's name. One device at a time has a drive; an error names those
    /// that there are.
    Result<backend::BlockDevice*> claim(std::string_view id, const Claimant& device);
    void release(const std::string& owner);

    /// One line a drive: "disk0: a.img (raw, 1 GiB)".
    std::string describe();
    /// The results of query-block, query-named-block-nodes and query-blockstats.
    state::Json query_block();
    state::Json query_nodes(bool flat);
    state::Json query_statistics(bool of_nodes);

  private:
    struct Entry {
        std::string id;  // empty: a node that a device uses without a drive
        bool is_cdrom = false;
        block::GraphNode* node = nullptr;  // null: no medium
        std::unique_ptr<block::Drive> drive;
        Claimant device;  // its key is empty: nobody has it
        Drives* drives = nullptr;
        std::optional<std::chrono::steady_clock::time_point> reported;  // when a failure was told of last
    };
    void failed(Entry& entry, const block::Drive::Failure& failure);
    Result<> open(const DriveSpec& spec);
    void watch(Entry& entry);
    Result<Entry*> find_tray(const MediumPlace& place) const;
    static Result<> open_for_user(Entry& entry, bool force);
    void take_medium(Entry& entry);
    Result<> put_medium(Entry& entry, block::GraphNode& node);
    template <class Work>
    Result<> with_tray(const MediumPlace& place, Work&& work);
    Result<> use_node(std::unique_ptr<Entry> entry, const std::string& title, block::DriveOptions options);
    void drop(Entry& entry);
    Entry* user_of(const block::GraphNode& node) const;
    Result<block::GraphNode*> find_base(const DriveSnapshot& wanted) const;
    Result<> take_snapshots(std::span<const DriveSnapshot> wanted);
    Result<> prepare_snapshot(const DriveSnapshot& wanted, block::GraphNode*& base, block::GraphNode*& overlay);
    Result<> create_in_node(const std::string& name, const block::qcow2::CreateOptions& options);
    Result<> fill(block::GraphNode& node, const block::qcow2::CreateOptions& options);
    Result<block::GraphNode*> open_nodes(const DriveSpec& spec, const std::string& title);
    Result<block::Format> format_of(const DriveSpec& spec);
    Result<block::Format> format_by_name(const DriveSpec& spec, std::string_view marked);
    Result<> resize_node(const std::string& id, const std::string& node, u64 size);
    Error unknown_drive(std::string_view id) const;

    EventLoop& io_;
    DrivesObserver* const observer_;
    std::unique_ptr<block::BlockGraph> graph_ = std::make_unique<block::BlockGraph>(&io_);
    std::vector<std::unique_ptr<Entry>> entries_;
    std::vector<std::string> notes_;
};

}  // namespace kelvin::vm
