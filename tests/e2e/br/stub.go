// A TiDB cluster without rows, for the real BR: PD with etcd and TSO, a TiKV that answers backups with no files, and
// system tables as TiDB bootstraps them. Built by tests/e2e/br/build.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	backuppb "github.com/pingcap/kvproto/pkg/brpb"
	"github.com/pingcap/kvproto/pkg/meta_storagepb"
	"github.com/pingcap/kvproto/pkg/metapb"
	"github.com/pingcap/kvproto/pkg/pdpb"
	"github.com/pingcap/kvproto/pkg/resource_manager"
	"github.com/pingcap/kvproto/pkg/tikvpb"
	"github.com/pingcap/tidb/pkg/config"
	"github.com/pingcap/tidb/pkg/ddl"
	"github.com/pingcap/tidb/pkg/session"
	"github.com/pingcap/tidb/pkg/store/driver"
	usconf "github.com/pingcap/tidb/pkg/store/mockstore/unistore/config"
	usserver "github.com/pingcap/tidb/pkg/store/mockstore/unistore/server"
	us "github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv"
	"github.com/tikv/pd/client/clients/router"
	"go.etcd.io/etcd/server/v3/embed"
	"google.golang.org/grpc"
	"net"
)

type pd struct {
	pdpb.UnimplementedPDServer
	mu    sync.Mutex
	url   string
	safe  uint64
	last  uint64
	svc   map[string][2]uint64
	store []*metapb.Store
}

func (p *pd) h() *pdpb.ResponseHeader { return &pdpb.ResponseHeader{ClusterId: 4242} }
func (p *pd) m() *pdpb.Member {
	return &pdpb.Member{Name: "pd", MemberId: 1, PeerUrls: []string{p.url}, ClientUrls: []string{p.url}, BinaryVersion: "v8.5.4"}
}
func (p *pd) GetMembers(context.Context, *pdpb.GetMembersRequest) (*pdpb.GetMembersResponse, error) {
	return &pdpb.GetMembersResponse{Header: p.h(), Members: []*pdpb.Member{p.m()}, Leader: p.m(), EtcdLeader: p.m()}, nil
}
func (p *pd) GetClusterInfo(context.Context, *pdpb.GetClusterInfoRequest) (*pdpb.GetClusterInfoResponse, error) {
	return &pdpb.GetClusterInfoResponse{Header: p.h(), ServiceModes: []pdpb.ServiceMode{pdpb.ServiceMode_PD_SVC_MODE}}, nil
}
func (p *pd) GetAllStores(context.Context, *pdpb.GetAllStoresRequest) (*pdpb.GetAllStoresResponse, error) {
	return &pdpb.GetAllStoresResponse{Header: p.h(), Stores: p.store}, nil
}
func (p *pd) Tso(s pdpb.PD_TsoServer) error {
	for {
		r, err := s.Recv()
		if err != nil {
			return nil
		}
		p.mu.Lock()
		n := uint64(time.Now().UnixMilli()) << 18
		if n <= p.last {
			n = p.last
		}
		p.last = n + uint64(r.Count)
		ts := &pdpb.Timestamp{Physical: int64(p.last >> 18), Logical: int64(p.last & (1<<18 - 1))}
		p.mu.Unlock()
		if err := s.Send(&pdpb.TsoResponse{Header: p.h(), Count: r.Count, Timestamp: ts}); err != nil {
			return nil
		}
	}
}
func (p *pd) UpdateServiceGCSafePoint(_ context.Context, r *pdpb.UpdateServiceGCSafePointRequest) (*pdpb.UpdateServiceGCSafePointResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.TTL <= 0 {
		delete(p.svc, string(r.ServiceId))
	} else {
		p.svc[string(r.ServiceId)] = [2]uint64{uint64(r.TTL), r.SafePoint}
	}
	fmt.Fprintf(os.Stderr, "GC id=%s ttl=%d sp=%d\n", r.ServiceId, r.TTL, r.SafePoint)
	return &pdpb.UpdateServiceGCSafePointResponse{Header: p.h(), ServiceId: r.ServiceId, TTL: r.TTL, MinSafePoint: p.safe}, nil
}
func (p *pd) UpdateGCSafePoint(context.Context, *pdpb.UpdateGCSafePointRequest) (*pdpb.UpdateGCSafePointResponse, error) {
	return &pdpb.UpdateGCSafePointResponse{Header: p.h(), NewSafePoint: p.safe}, nil
}

var mpd *us.MockPD

type bk struct {
	backuppb.UnimplementedBackupServer
}

func (bk) Backup(r *backuppb.BackupRequest, s backuppb.Backup_BackupServer) error {
	fmt.Fprintln(os.Stderr, "BACKUP RPC", len(r.SubRanges))
	for _, k := range r.SubRanges {
		if err := s.Send(&backuppb.BackupResponse{StartKey: k.StartKey, EndKey: k.EndKey}); err != nil {
			return err
		}
	}
	if len(r.SubRanges) == 0 {
		return s.Send(&backuppb.BackupResponse{StartKey: r.StartKey, EndKey: r.EndKey})
	}
	return nil
}

type ms struct {
	meta_storagepb.UnimplementedMetaStorageServer
}

func (ms) Get(context.Context, *meta_storagepb.GetRequest) (*meta_storagepb.GetResponse, error) {
	return &meta_storagepb.GetResponse{Header: &meta_storagepb.ResponseHeader{ClusterId: 4242, Revision: 1}}, nil
}
func (ms) Watch(_ *meta_storagepb.WatchRequest, s meta_storagepb.MetaStorage_WatchServer) error {
	<-s.Context().Done()
	return nil
}

type rms struct {
	resource_manager.UnimplementedResourceManagerServer
}

func rg() *resource_manager.ResourceGroup {
	return &resource_manager.ResourceGroup{Name: "default", Mode: resource_manager.GroupMode_RUMode, Priority: 8,
		RUSettings: &resource_manager.GroupRequestUnitSettings{RU: &resource_manager.TokenBucket{Settings: &resource_manager.TokenLimitSettings{FillRate: 1 << 30, BurstLimit: -1}}}}
}
func (*rms) GetResourceGroup(context.Context, *resource_manager.GetResourceGroupRequest) (*resource_manager.GetResourceGroupResponse, error) {
	return &resource_manager.GetResourceGroupResponse{Group: rg()}, nil
}
func (*rms) ListResourceGroups(context.Context, *resource_manager.ListResourceGroupsRequest) (*resource_manager.ListResourceGroupsResponse, error) {
	return &resource_manager.ListResourceGroupsResponse{Groups: []*resource_manager.ResourceGroup{rg()}}, nil
}
func (*rms) AddResourceGroup(context.Context, *resource_manager.PutResourceGroupRequest) (*resource_manager.PutResourceGroupResponse, error) {
	return &resource_manager.PutResourceGroupResponse{Body: "Success!"}, nil
}
func (p *pd) reg(r *router.Region) *pdpb.GetRegionResponse {
	return &pdpb.GetRegionResponse{Header: p.h(), Region: r.Meta, Leader: r.Leader}
}
func (p *pd) GetRegion(c context.Context, r *pdpb.GetRegionRequest) (*pdpb.GetRegionResponse, error) {
	x, err := mpd.GetRegion(c, r.RegionKey)
	if err != nil {
		return nil, err
	}
	return p.reg(x), nil
}
func (p *pd) GetPrevRegion(c context.Context, r *pdpb.GetRegionRequest) (*pdpb.GetRegionResponse, error) {
	x, err := mpd.GetPrevRegion(c, r.RegionKey)
	if err != nil {
		return nil, err
	}
	return p.reg(x), nil
}
func (p *pd) GetRegionByID(c context.Context, r *pdpb.GetRegionByIDRequest) (*pdpb.GetRegionResponse, error) {
	x, err := mpd.GetRegionByID(c, r.RegionId)
	if err != nil {
		return nil, err
	}
	return p.reg(x), nil
}
func (p *pd) ScanRegions(c context.Context, r *pdpb.ScanRegionsRequest) (*pdpb.ScanRegionsResponse, error) {
	xs, _ := mpd.ScanRegions(c, r.StartKey, r.EndKey, int(r.Limit))
	o := &pdpb.ScanRegionsResponse{Header: p.h()}
	for _, x := range xs {
		o.Regions = append(o.Regions, &pdpb.Region{Region: x.Meta, Leader: x.Leader})
		o.RegionMetas, o.Leaders = append(o.RegionMetas, x.Meta), append(o.Leaders, x.Leader)
	}
	return o, nil
}
func (p *pd) BatchScanRegions(c context.Context, r *pdpb.BatchScanRegionsRequest) (*pdpb.BatchScanRegionsResponse, error) {
	o := &pdpb.BatchScanRegionsResponse{Header: p.h()}
	for _, k := range r.Ranges {
		xs, _ := mpd.ScanRegions(c, k.StartKey, k.EndKey, int(r.Limit))
		for _, x := range xs {
			o.Regions = append(o.Regions, &pdpb.Region{Region: x.Meta, Leader: x.Leader})
		}
	}
	return o, nil
}
func (p *pd) GetStore(c context.Context, r *pdpb.GetStoreRequest) (*pdpb.GetStoreResponse, error) {
	return &pdpb.GetStoreResponse{Header: p.h(), Store: p.store[0]}, nil
}
func (p *pd) IsBootstrapped(context.Context, *pdpb.IsBootstrappedRequest) (*pdpb.IsBootstrappedResponse, error) {
	return &pdpb.IsBootstrappedResponse{Header: p.h(), Bootstrapped: true}, nil
}
func (p *pd) GetGCSafePoint(context.Context, *pdpb.GetGCSafePointRequest) (*pdpb.GetGCSafePointResponse, error) {
	return &pdpb.GetGCSafePointResponse{Header: p.h(), SafePoint: p.safe}, nil
}
func (p *pd) LoadGlobalConfig(context.Context, *pdpb.LoadGlobalConfigRequest) (*pdpb.LoadGlobalConfigResponse, error) {
	return &pdpb.LoadGlobalConfigResponse{}, nil
}
func (p *pd) GetMinTS(context.Context, *pdpb.GetMinTSRequest) (*pdpb.GetMinTSResponse, error) {
	return &pdpb.GetMinTSResponse{Header: p.h(), Timestamp: &pdpb.Timestamp{Physical: time.Now().UnixMilli()}}, nil
}

func kv(p *pd, dir string) {
	c := usconf.DefaultConf
	c.Engine.ValueThreshold, c.Engine.DBPath, c.Server.Raft = 0, dir, false
	c.Engine.VolatileMode, c.Engine.MaxMemTableSize, c.Engine.SyncWrite, c.Engine.NumCompactors = true, 12<<20, false, 1
	c.Engine.CompactL0WhenClose, c.Engine.VlogFileSize = false, 16<<20
	svr, rm, m, err := usserver.NewMock(&c, 4242)
	if err != nil {
		panic(err)
	}
	mpd = m
	p.store = []*metapb.Store{{Id: 1, Address: *tikvAddr, StatusAddress: *statusAddr, Version: "8.5.4"}}
	if err := rm.Bootstrap(p.store, &metapb.Region{Id: 2, RegionEpoch: &metapb.RegionEpoch{ConfVer: 1, Version: 1}, Peers: []*metapb.Peer{{Id: 3, StoreId: 1}}}); err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", *tikvAddr)
	if err != nil {
		panic(err)
	}
	g := grpc.NewServer()
	tikvpb.RegisterTikvServer(g, svr)
	backuppb.RegisterBackupServer(g, &bk{})
	go g.Serve(l)
	go http.ListenAndServe(*statusAddr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(os.Stderr, "TIKV HTTP", r.URL)
		fmt.Fprint(w, `{"log-backup":{"enable":true},"import":{"num-threads":8},"coprocessor":{"region-split-size":"96MiB","region-split-keys":960000},"server":{"grpc-concurrency":5}}`)
	}))
}

var (
	addr       = flag.String("addr", "127.0.0.1:19379", "PD's client address")
	peer       = flag.String("peer", "127.0.0.1:19380", "etcd's peer address")
	tikvAddr   = flag.String("tikv", "127.0.0.1:19400", "TiKV's address")
	statusAddr = flag.String("status", "127.0.0.1:19401", "TiKV's status address")
	dir        = flag.String("dir", "data", "where etcd and TiKV keep their files")
)

func main() {
	flag.Parse()
	if err := os.MkdirAll(*dir+"-kv", 0o755); err != nil {
		panic(err)
	}
	p := &pd{url: "http://" + *addr, svc: map[string][2]uint64{}}
	kv(p, *dir+"-kv")
	cfg := embed.NewConfig()
	cfg.Dir, cfg.LogLevel = *dir, "error"
	cu, _ := url.Parse(p.url)
	pu, _ := url.Parse("http://" + *peer)
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*cu}, []url.URL{*cu}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{*pu}, []url.URL{*pu}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.ServiceRegister = func(s *grpc.Server) {
		pdpb.RegisterPDServer(s, p)
		meta_storagepb.RegisterMetaStorageServer(s, &ms{})
		resource_manager.RegisterResourceManagerServer(s, &rms{})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/pd/api/v1/version", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]string{"version": "v8.5.4"})
	})
	mux.HandleFunc("/pd/api/v1/config/cluster-version", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "\"8.5.4\"") })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(os.Stderr, "HTTP", r.Method, r.URL)
		if r.URL.Path == "/pd/api/v1/stores" {
			fmt.Fprintf(w, `{"count":1,"stores":[{"store":{"id":1,"address":%q,"status_address":%q,"version":"8.5.4","state_name":"Up"},"status":{"capacity":"100GiB","available":"90GiB"}}]}`, *tikvAddr, *statusAddr)
			return
		}
		if r.URL.Path == "/pd/api/v1/stats/region" {
			fmt.Fprint(w, `{"count":1,"storage_size":1,"storage_keys":1}`)
			return
		}
		if r.Method == "POST" {
			fmt.Fprint(w, `"ok"`)
			return
		}
		w.WriteHeader(404)
	})
	cfg.UserHandlers = map[string]http.Handler{"/pd/": mux}
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		panic(err)
	}
	<-e.Server.ReadyNotify()
	t0 := time.Now()
	config.UpdateGlobal(func(c *config.Config) { c.Path, c.Store = *addr, "tikv" })
	st, err := driver.TiKVDriver{}.Open("tikv://" + *addr + "?disableGC=true")
	if err != nil {
		panic(err)
	}
	if err := ddl.StartOwnerManager(context.Background(), st); err != nil {
		panic(err)
	}
	dom, err := session.BootstrapSession(st)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "bootstrapped in", time.Since(t0))
	dom.Close()
	ddl.CloseOwnerManager()
	fmt.Fprintln(os.Stderr, "ready")
	select {}
}
