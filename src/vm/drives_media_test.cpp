// SPDX-License-Identifier: Apache-2.0
// Media that go into a CD drive and out of it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "device/scsi_disk/scsi_disk.h"
#include "vm/drives.h"

namespace kelvin::vm {
namespace {

using state::Json;

class DrivesMediaTest : public testing::Test, private DrivesObserver {
  protected:
    DrivesMediaTest() : folder_(testing::TempDir() + "drives_media_test." + std::to_string(::getpid()) + "/") {
        std::filesystem::create_directories(folder_);
        drives_ = std::make_unique<Drives>(loop_, static_cast<DrivesObserver*>(this));
    }
    ~DrivesMediaTest() override {
        unit_.reset();
        drives_.reset();
        std::filesystem::remove_all(folder_);
    }

    std::string make(const std::string& name, char content) {
        const std::string path = folder_ + name;
        std::ofstream(path) << std::string(4096, content);
        return path;
    }
    /// A CD drive called 'cd' that has the drive `id`.
    void plug_in(const std::string& id) {
        const Claimant device{
            .key = "cd", .title = "scsi-cd 'cd'", .path = "/machine/peripheral/cd", .removable = true};
        const auto claimed = drives_->claim(id, device);
        ASSERT_TRUE(claimed) << claimed.error().message();
        disk_ = *claimed;
        device::ScsiDisk::Options options;
        options.logical_block_size = 2048;
        unit_ = std::make_unique<device::ScsiDisk>(device::ScsiDisk::Kind::cd, options, *disk_);
    }
    /// What it begins with; an errno as a digit behind '!'.
    std::string content() {
        char first = 0;
        iovec segment{&first, 1};
        int answer = -1;
        backend::BlockRequest request{.length = 1, .segments = {&segment, 1}};
        request.context = &answer;
        request.done = [](backend::BlockRequest& done, int error) { *static_cast<int*>(done.context) = error; };
        disk_->submit(request);
        disk_->drain();
        return answer == 0 ? std::string(1, first) : answer == ENOMEDIUM ? "none" : "error";
    }
    Json block() { return drives_->query_block()[0]; }
    static std::string failure(const Result<>& outcome) { return outcome ? "" : outcome.error().message(); }

    EventLoop loop_;
    std::string folder_;
    std::unique_ptr<Drives> drives_;
    backend::BlockDevice* disk_ = nullptr;
    std::unique_ptr<device::ScsiDisk> unit_;
    std::vector<Json> moves_;
    const MediumPlace by_drive_{"d", {}};
    const MediumPlace by_device_{{}, "cd"};

  private:
    void disk_failed(Json, bool) override {}
    void tray_moved(Json event) override { moves_.push_back(std::move(event)); }
};

TEST_F(DrivesMediaTest, EjectedAndChanged) {
    DriveSpec spec;
    spec.id = "d";
    spec.file = make("a.iso", 'a');
    spec.format = ImageFormat::raw;
    spec.media = Media::cdrom;
    ASSERT_TRUE(drives_->add(spec));
    EXPECT_NE(failure(drives_->eject(by_drive_, false)).find("ide-cd and scsi-cd"), std::string::npos);
    plug_in("d");
    EXPECT_EQ(content(), "a");
    EXPECT_FALSE(block()["tray_open"]);
    ASSERT_TRUE(drives_->eject(by_drive_, false));
    EXPECT_EQ(content(), "none");
    EXPECT_TRUE(block()["tray_open"]);
    EXPECT_FALSE(block().contains("inserted"));
    EXPECT_NE(drives_->describe().find("d: no medium"), std::string::npos);
    ASSERT_EQ(moves_.size(), 1U);
    EXPECT_EQ(moves_[0], (Json{{"device", "d"}, {"id", "cd"}, {"tray-open", true}}));
    ASSERT_TRUE(drives_->change_medium(by_device_, {make("b.iso", 'b'), {}}, false));
    EXPECT_EQ(content(), "b");
    EXPECT_FALSE(block()["tray_open"]);
    EXPECT_EQ(block()["inserted"]["file"], folder_ + "b.iso");
    EXPECT_TRUE(disk_->read_only());
    EXPECT_NE(failure(drives_->change_medium(by_device_, {folder_ + "c.iso", {}}, false)).find("c.iso"),
              std::string::npos);
    EXPECT_EQ(content(), "b") << "what cannot be put in takes nothing out";
    EXPECT_NE(failure(drives_->eject({"dd", {}}, false)).find("did you mean 'd'?"), std::string::npos);
    EXPECT_NE(failure(drives_->eject({}, false)).find("exactly one"), std::string::npos);
}

TEST_F(DrivesMediaTest, StepByStep) {
    plug_in("");
    EXPECT_EQ(content(), "none");
    EXPECT_EQ(disk_->size(), 0U);
    ASSERT_TRUE(drives_->add_node({{"driver", "file"}, {"filename", make("n.iso", 'n')}, {"node-name", "n"}}));
    EXPECT_NE(failure(drives_->insert_medium(by_device_, "n")).find("is closed"), std::string::npos);
    ASSERT_TRUE(drives_->open_tray(by_device_, false));
    ASSERT_TRUE(drives_->insert_medium(by_device_, "n"));
    EXPECT_NE(failure(drives_->insert_medium(by_device_, "n")).find("there is a medium"), std::string::npos);
    EXPECT_FALSE(drives_->remove_node("n")) << "it is in the drive";
    ASSERT_TRUE(drives_->close_tray(by_device_));
    EXPECT_EQ(content(), "n");
    EXPECT_NE(failure(drives_->remove_medium(by_device_)).find("is closed"), std::string::npos);
    ASSERT_TRUE(drives_->open_tray({{}, "/machine/peripheral/cd"}, false));
    ASSERT_TRUE(drives_->remove_medium(by_device_));
    EXPECT_TRUE(drives_->remove_node("n"));
    EXPECT_EQ(moves_.size(), 3U);
}

TEST_F(DrivesMediaTest, AGuestThatLocksTheTrayIsAsked) {
    plug_in("");
    struct Lock final : bus::scsi::Request {
        std::array<u8, kMaxCdb> code{0x1e, 0, 0, 0, 1};
        std::span<const u8, kMaxCdb> cdb() const override { return code; }
        u64 in_size() const override { return 0; }
        u64 out_size() const override { return 0; }
        bool write_in(u64, std::span<const u8>) override { return false; }
        bool read_out(u64, std::span<u8>) const override { return false; }
        bool in_pieces(u64, std::vector<iovec>&) const override { return false; }
        bool out_pieces(u64, std::vector<iovec>&) const override { return false; }
        void complete(bus::scsi::Status, const bus::scsi::Sense&, u64) override {}
    } lock;
    unit_->execute(lock);  // is told of power
    unit_->execute(lock);
    EXPECT_TRUE(block()["locked"]);
    EXPECT_NE(failure(drives_->eject(by_device_, false)).find("locked"), std::string::npos);
    EXPECT_TRUE(drives_->open_tray(by_device_, false)) << "it is asked, which is no error";
    EXPECT_TRUE(moves_.empty());
    EXPECT_TRUE(drives_->eject(by_device_, true));
    EXPECT_EQ(moves_.size(), 1U);
    EXPECT_FALSE(block()["locked"]);
}

}  // namespace
}  // namespace kelvin::vm
