// Command cache keeps every Backup and BackupSchedule of an API server in controller-runtime's cache, as a controller
// of these kinds in Go does, and nothing else: the least of controllers.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

var group = schema.GroupVersion{Group: "br.pingcap.com", Version: "v1alpha1"}

func keep(ctx context.Context, kubeconfig string) error {
	server, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{group})
	kinds := []string{"Backup", "BackupSchedule"}
	for _, kind := range kinds {
		mapper.Add(group.WithKind(kind), meta.RESTScopeNamespace)
	}
	objects, err := cache.New(server, cache.Options{Mapper: mapper})
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(group.WithKind(kind))
		if _, err := objects.GetInformer(ctx, object, cache.BlockUntilSynced(false)); err != nil {
			return err
		}
	}
	go func() {
		if objects.WaitForCacheSync(ctx) {
			debug.FreeOSMemory() // what it keeps, without the garbage of reading it
		}
	}()
	return objects.Start(ctx)
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "FILE")
	flag.Parse()
	log.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := keep(ctx, *kubeconfig); err != nil {
		fmt.Fprintln(os.Stderr, "cache:", err)
		os.Exit(1)
	}
}
